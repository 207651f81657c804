import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeResumption,
  encodeResumption,
  RESUMPTION_TICKET_LIMIT,
  type Resumption,
} from '../../../host/delegation/resumption.js';
import { resumptions } from './arbitrary.js';
import { codeOf } from './refusal.js';

const tls13: Resumption = {
  protocolVersion: 0x0304,
  cipherSuite: 0x1301,
  extendedMasterSecret: false,
  uses: 3,
  serverName: 'o.example',
  alpn: 'http/1.1',
  certificateHash: new Uint8Array(32).fill(1),
  lifetime: 7200,
  ageAdd: 0x01020304,
  age: 50,
  sessionId: new Uint8Array(0),
  ticket: new Uint8Array(5).fill(2),
  secret: new Uint8Array(32).fill(3),
};

const tls12: Resumption = {
  ...tls13,
  protocolVersion: 0x0303,
  cipherSuite: 0xc02f,
  extendedMasterSecret: true,
  sessionId: new Uint8Array(32).fill(4),
  ticket: new Uint8Array(0),
  secret: new Uint8Array(48).fill(5),
};

describe('a resumption', () => {
  test('has this layout on the wire', () => {
    expect(Buffer.from(encodeResumption(tls13)).toString('hex')).toBe(
      ['0304', '1301', '00', '0003', '09', Buffer.from('o.example').toString('hex')].join('') +
        ['08', Buffer.from('http/1.1').toString('hex'), '01'.repeat(32), '00001c20', '01020304'].join('') +
        ['00000032', '00', '0005', '02'.repeat(5), '20', '03'.repeat(32)].join(''),
    );
  });

  test('comes out as it went in', () => {
    fc.assert(
      fc.property(resumptions, (resumption) => {
        expect(decodeResumption(encodeResumption(resumption))).toEqual(resumption);
      }),
    );
  });

  test('of random or changed bytes parses or ends in a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => void codeOf(() => decodeResumption(body))),
    );
    fc.assert(
      fc.property(resumptions, fc.nat(), fc.integer({ min: 1, max: 255 }), (resumption, place, flip) => {
        const body = encodeResumption(resumption);
        body[place % body.length]! ^= flip;
        codeOf(() => decodeResumption(body));
      }),
    );
  });

  test.each<[string, Resumption]>([
    ['without a use', { ...tls13, uses: 0 }],
    ['of TLS 1.3 without a ticket', { ...tls13, ticket: new Uint8Array(0) }],
    ['of TLS 1.3 with a session id', { ...tls13, sessionId: new Uint8Array(32) }],
    ['of TLS 1.3 with a PSK of no hash', { ...tls13, secret: new Uint8Array(33) }],
    ['of TLS 1.3 that lives longer than seven days', { ...tls13, lifetime: 604_801 }],
    ['of TLS 1.2 without extended master secret', { ...tls12, extendedMasterSecret: false }],
    ['of TLS 1.2 with neither session id nor ticket', { ...tls12, sessionId: new Uint8Array(0) }],
    ['of TLS 1.2 with half a master secret', { ...tls12, secret: new Uint8Array(24) }],
    ['of TLS 1.1', { ...tls12, protocolVersion: 0x0302 }],
    ['with a ticket that is too long', { ...tls13, ticket: new Uint8Array(RESUMPTION_TICKET_LIMIT + 1) }],
  ])('%s is not sent', (_, resumption) => {
    expect(codeOf(() => encodeResumption(resumption))).toBe('FRAME_BAD_ARGUMENT');
  });

  test.each<[string, Resumption, number, number]>([
    ['without a use', tls13, 6, 0],
    ['of TLS 1.1', tls12, 1, 2],
    ['of TLS 1.2 without extended master secret', tls12, 4, 0],
    ['of TLS 1.3 with the secret of TLS 1.2', tls12, 1, 4],
  ])('%s is refused', (_, resumption, offset, value) => {
    const body = encodeResumption(resumption);
    body[offset] = value;
    expect(codeOf(() => decodeResumption(body))).toBe('FRAME_BAD_FIELD');
  });

  test('with bytes missing or behind it is refused', () => {
    const body = encodeResumption(tls13);
    expect(codeOf(() => decodeResumption(body.slice(0, -1)))).toBe('FRAME_TRUNCATED');
    expect(codeOf(() => decodeResumption(Uint8Array.from([...body, 0])))).toBe('FRAME_TRAILING_BYTES');
  });
});
