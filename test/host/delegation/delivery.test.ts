import { describe, expect, test } from 'vitest';
import {
  type Delivery,
  decodeDelivery,
  deliveryBindingContext,
  encodeDelivery,
  Leg,
  sameBinding,
  UNKNOWN_RECORD,
} from '../../../host/delegation/delivery.js';
import { Grant } from '../../../host/delegation/grant.js';
import { NULL_SESSION_ID, parseSessionId } from '../../../host/delegation/session_id.js';

const delivery: Delivery = {
  protocolVersion: 0x0304,
  cipherSuite: 0x1301,
  grant: Grant.Session,
  extendedMasterSecret: true,
  leg: Leg.Open,
  clientRandom: new Uint8Array(32).fill(1),
  serverRandom: new Uint8Array(32).fill(2),
  certificateHash: new Uint8Array(32).fill(3),
  sni: 'o.example',
  alpn: 'http/1.1',
  clientEpochStart: 3,
  originEpochStart: UNKNOWN_RECORD,
  clientRecords: 3,
  requestId: 0,
  expires: 60,
  secrets: new Uint8Array(64).fill(4),
  handshakeSecrets: new Uint8Array(64).fill(6),
  commitments: [new Uint8Array(32).fill(7)],
  binding: new Uint8Array(32).fill(5),
};

describe('a delivery', () => {
  test('has this layout on the wire', () => {
    expect(Buffer.from(encodeDelivery(delivery)).toString('hex')).toBe(
      ['0304', '1301', '03', '01', '00', '01'.repeat(32), '02'.repeat(32), '03'.repeat(32)].join('') +
        ['09', Buffer.from('o.example').toString('hex'), '08', Buffer.from('http/1.1').toString('hex')].join(
          '',
        ) +
        [
          '00000003',
          'ffffffff',
          '00000003',
          '00000000',
          '0000003c',
          '0040',
          '04'.repeat(64),
          '40',
          '06'.repeat(64),
          '01',
          '07'.repeat(32),
          '05'.repeat(32),
        ].join(''),
    );
  });

  test('with an unknown grant or leg is refused', () => {
    for (const [offset, value] of [
      [4, 0],
      [4, 6],
      [6, 2],
    ] as const) {
      const body = encodeDelivery(delivery);
      body[offset] = value;
      expect(() => decodeDelivery(body)).toThrow(/there is no/);
    }
  });

  test('is bound to its session and to its handshake', () => {
    const session = 'ab'.repeat(16);
    const context = deliveryBindingContext(session, delivery.clientRandom);
    expect(Buffer.from(context).toString('hex')).toBe(session + '01'.repeat(32));
    expect(sameBinding(delivery.binding, delivery.binding.slice())).toBe(true);
    expect(sameBinding(delivery.binding, delivery.clientRandom)).toBe(false);
    expect(sameBinding(delivery.binding, delivery.binding.slice(1))).toBe(false);
  });
});

test('a session id is 32 digits and not null', () => {
  expect(parseSessionId('AB'.repeat(16))).toBe('ab'.repeat(16));
  expect(parseSessionId(NULL_SESSION_ID)).toBeUndefined();
  expect(parseSessionId('ab')).toBeUndefined();
  expect(parseSessionId(`${'ab'.repeat(16)}\n`)).toBeUndefined();
});
