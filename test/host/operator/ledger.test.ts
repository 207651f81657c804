// What the operator is told was saved is what was.
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { Ledger } from '../../../host/operator/ledger.js';
import type { ProxyServer } from '../../../host/proxy/proxy.js';

const page = '01'.repeat(16);
const pictures = '02'.repeat(16);

/** A ledger that hears of a session with a page's origin, and of one with its pictures'. */
function opened() {
  const events: ProxyServer['events'] = new EventEmitter();
  const ledger = new Ledger({ events, sessions: () => [], devices: () => [] });
  const principal = { name: 'token:phone', kind: 'token' } as const;
  for (const [sessionId, host] of [
    [page, 'page.test'],
    [pictures, 'pictures.test'],
  ] as const) {
    events.emit('tunnel', { sessionId, principal, host, port: 443, leg: 'open' } as never);
  }
  const response = (bytesBefore: number, bytesAfter: number) =>
    events.emit('response', { sessionId: page, status: 200, services: [], bytesBefore, bytesAfter } as never);
  return { events, ledger, response };
}

test('a page that carries its pictures is held against the page and the pictures', () => {
  const { events, ledger, response } = opened();
  events.emit('otherResponse', { sessionId: pictures, status: 200, bytes: 50_000 });
  response(10_000, 15_000);
  expect(ledger.view()).toMatchObject({ bytesBefore: 60_000, bytesAfter: 15_000 });
  expect(ledger.view().sites).toEqual([
    { host: 'pictures.test', responses: 1, bytesBefore: 50_000, bytesAfter: 0 },
    { host: 'page.test', responses: 1, bytesBefore: 10_000, bytesAfter: 15_000 },
  ]);
});

test('an answer in the place of the origin neither saves nor wastes what the device gets', () => {
  const { ledger, response } = opened();
  response(10_000, 4000);
  response(0, 4000);
  expect(ledger.view()).toMatchObject({ bytesBefore: 14_000, bytesAfter: 8000 });
  expect(ledger.view().sites).toMatchObject([{ responses: 2, bytesBefore: 14_000, bytesAfter: 8000 }]);
});
