// What must be seen when a device refuses: the code, exactly one alert under the keys in force, and silence ever after.
import { expect } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { Flag } from '../../../assembly/handshake/protocol.js';
import type { Device } from './device.js';
import type { Twin12 } from './twin12.js';
import type { Twin13 } from './twin13.js';

/** Feeds `records`, and expects the refusal that `code` names. */
export function expectRefusal(
  device: Device,
  twin: Twin13 | Twin12,
  records: Uint8Array,
  code: ErrorCode,
): void {
  let thrown: unknown;
  try {
    device.feed(records);
  } catch (error) {
    thrown = error;
  }
  expect(thrown, `expected ${ErrorCode[code]}`).toBeDefined();
  const seen = device.get('lastError');
  expect(ErrorCode[seen] ?? seen).toBe(ErrorCode[code] ?? code);
  const alerts = twin.receive(device.drain()).alerts;
  const alert = -code >> 8;
  expect(alerts).toEqual(code <= ErrorCode.PeerAlert ? [] : [[2, alert]]);
  expect(device.get('alertSent')).toBe(code <= ErrorCode.PeerAlert ? -1 : alert);
  expect(device.has(Flag.Failed)).toBe(true);
  expect(device.has(Flag.Closed)).toBe(true);
  // Nothing more is read or sent, whatever comes.
  expect(device.feed(records)).toHaveLength(0);
  expect(device.drain()).toHaveLength(0);
  device.free();
}
