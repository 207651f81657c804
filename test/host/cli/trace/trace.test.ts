import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainDelivery } from '../../../../host/cli/trace/delivery.js';
import { explainHandshake } from '../../../../host/cli/trace/handshake.js';
import { printLines } from '../../../../host/cli/trace/line.js';
import { RecordTracer } from '../../../../host/cli/trace/records.js';
import { describeStep, Tracer } from '../../../../host/cli/trace/tracer.js';
import type { DeliveryFacts } from '../../../../host/client/observer.js';
import { FrameType } from '../../../../host/delegation/frame.js';
import { encodeMessage } from '../../../../host/delegation/message_body.js';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replace(/\s/g, ''), 'hex'));

/** RFC 8448 §3: the ClientHello and ServerHello of the simple 1-RTT handshake. */
const clientHello = bytes(`
  01 00 00 c0 03 03 cb 34 ec b1 e7 81 63 ba 1c 38 c6 da cb 19 6a 6d ff a2 1a 8d 99 12 ec 18 a2 ef 62 83 02 4d ec e7
  00 00 06 13 01 13 03 13 02 01 00 00 91 00 00 00 0b 00 09 00 00 06 73 65 72 76 65 72 ff 01 00 01 00
  00 0a 00 14 00 12 00 1d 00 17 00 18 00 19 01 00 01 01 01 02 01 03 01 04 00 23 00 00
  00 33 00 26 00 24 00 1d 00 20 99 38 1d e5 60 e4 bd 43 d2 3d 8e 43 5a 7d ba fe b3 c0 6e 51 c1 3c ae 4d 54 13 69 1e
  52 9a af 2c 00 2b 00 03 02 03 04 00 0d 00 20 00 1e 04 03 05 03 06 03 02 03 08 04 08 05 08 06 04 01 05 01 06 01
  02 01 04 02 05 02 06 02 02 02 00 2d 00 02 01 01 00 1c 00 02 40 01`);
const serverHello = bytes(`
  02 00 00 56 03 03 a6 af 06 a4 12 18 60 dc 5e 6e 60 24 9c d3 4c 95 93 0c 8a c5 cb 14 34 da c1 55 77 2e d3 e2 69 28
  00 13 01 00 00 2e 00 33 00 24 00 1d 00 20 c9 82 88 76 11 20 95 fe 66 76 2b db f7 c6 72 e1 56 d6 cc 25 3b 83 3d f1
  dd 69 b1 b0 4e 75 1f 0f 00 2b 00 02 03 04`);

const texts = (lines: { text: string }[]) => lines.map(({ text }) => text);

describe('a handshake is explained', () => {
  test('field by field, each byte once', () => {
    for (const message of [clientHello, serverHello]) {
      const lines = explainHandshake(message, 0);
      expect(Buffer.concat(lines.map((line) => line.bytes ?? new Uint8Array(0))).equals(message)).toBe(true);
    }
    expect(texts(explainHandshake(clientHello, 0))).toEqual(
      expect.arrayContaining(['TLS_CHACHA20_POLY1305_SHA256', 'server', 'key share for x25519', 'TLS 1.3']),
    );
    expect(texts(explainHandshake(serverHello, 0))).toEqual(
      expect.arrayContaining(['the version that both will speak: TLS 1.3', 'server random']),
    );
  });

  test('key exchanges of each kind for what they are', () => {
    const vector = (size: number, body: Uint8Array) =>
      Buffer.concat([Buffer.from(body.length.toString(16).padStart(2 * size, '0'), 'hex'), body]);
    const message = (type: number, ...parts: Uint8Array[]) =>
      Buffer.concat([Buffer.from([type]), vector(3, Buffer.concat(parts))]);
    const fill = (length: number) => Buffer.alloc(length, 0xa5);
    const curve = [Buffer.from([3, 0, 29]), vector(1, fill(32))];
    const field = [vector(2, fill(256)), vector(2, Buffer.from([2])), vector(2, fill(256))];
    const scheme = Buffer.from([4, 1]);
    const signature = vector(2, fill(256));
    for (const [bytes, first, schemes] of [
      [message(12, ...curve, scheme, signature), 'a named curve follows', 1],
      [message(12, ...curve, signature), 'a named curve follows', 0],
      [message(12, ...field, scheme, signature), 'prime of a finite field: 2048 bits', 1],
      [message(12, ...field, signature), 'prime of a finite field: 2048 bits', 0],
      [message(16, vector(1, fill(65))), "the client's ephemeral public key: 65 bytes", 0],
      [message(16, vector(2, fill(256))), "the secret, encrypted for the server's key, or", 0],
      [message(16, fill(256)), "the secret, encrypted for the server's key", 0],
    ] as const) {
      const said = texts(explainHandshake(bytes, 0));
      expect(said[2]).toContain(first);
      expect(said.filter((text) => text === 'signature scheme rsa_pkcs1_sha256').length).toBe(schemes);
      expect(said.join()).not.toMatch(/no sense|more bytes|too early/);
    }
  });

  test('as far as it goes when it is damaged: no byte is lost or doubled', () => {
    const damaged = fc
      .tuple(fc.constantFrom(clientHello, serverHello), fc.nat(), fc.nat(255))
      .map(([message, place, value]) => message.with(place % message.length, value));
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 100 })), (message) => {
        const lines = explainHandshake(message, 0);
        expect(Buffer.concat(lines.map((line) => line.bytes ?? new Uint8Array(0)))).toEqual(
          Buffer.from(message),
        );
        printLines(lines);
      }),
      { numRuns: 1000 },
    );
  });

  test('also when its records are chopped', () => {
    const record = Uint8Array.from([22, 3, 1, 0, clientHello.length, ...clientHello]);
    const whole = new RecordTracer().push(record);
    const tracer = new RecordTracer();
    const chopped = [...record].flatMap((byte) => tracer.push(Uint8Array.of(byte)));
    expect(chopped).toEqual(whole);
    expect(whole).toHaveLength(1);
  });

  test('on a terminal no byte of a peer does harm', () => {
    const name = clientHello.slice();
    name.set([0x1b, 0x5b, 0x32, 0x4a], Buffer.from(name).indexOf('server'));
    expect(printLines(explainHandshake(name, 0))).not.toContain('\u001b');
  });
});

describe('a delivery is explained', () => {
  const secretBytes = 64;
  const message = {
    type: FrameType.Deliver as const,
    sessionId: 'ab'.repeat(16),
    protocolVersion: 0x0304,
    cipherSuite: 0x1301,
    grant: 3,
    extendedMasterSecret: true,
    leg: 0,
    clientRandom: new Uint8Array(32).fill(1),
    serverRandom: new Uint8Array(32).fill(2),
    certificateHash: new Uint8Array(32).fill(3),
    sni: 'o.example',
    alpn: 'http/1.1',
    clientEpochStart: 3,
    originEpochStart: 0xffffffff,
    clientRecords: 3,
    requestId: 7,
    expires: 0,
    commitments: [new Uint8Array(32).fill(6)],
    binding: new Uint8Array(32).fill(5),
  };
  const handshakeSecretBytes = 48;
  const maskedFrame = encodeMessage({
    ...message,
    secrets: new Uint8Array(secretBytes),
    handshakeSecrets: new Uint8Array(handshakeSecretBytes),
  });
  const delivery: DeliveryFacts = {
    ...message,
    secretBytes,
    handshakeSecretBytes,
    maskedFrame,
    secretOffset: maskedFrame.length - 32 - 33 - 49 - 64,
  };

  test('field by field, without the secret', () => {
    const lines = explainDelivery(delivery);
    const shown = lines.reduce((length, line) => length + (line.bytes?.length ?? 0), 0);
    expect(shown).toBe(maskedFrame.length - secretBytes - handshakeSecretBytes);
    expect(texts(lines)).toEqual(
      expect.arrayContaining([
        "grant 'session': client and server application traffic secrets",
        'o.example',
        "the client's keys began at its: record 3",
        "the origin's keys began at its: unknown",
        'answers TUNNEL 7',
        '64 bytes, not shown',
      ]),
    );
  });
});

test('sealed records are counted, not listed', () => {
  let out = '';
  const tracer = new Tracer((text) => {
    out += text;
  });
  const record = Uint8Array.from([23, 3, 3, 0, 20, ...new Array(20).fill(7)]);
  const link = { kind: 'conduit' as const, name: 'p:1' };
  for (let i = 0; i < 100; i++) tracer.onWire(link, 'received', record);
  tracer.end();
  expect(out.match(/← conduit p:1/g)).toHaveLength(3);
  expect(out).toContain('… and 98 more sealed records, 2450 bytes');
});

test('two conduits to one proxy are told apart, however their bytes interleave', () => {
  let out = '';
  const tracer = new Tracer((text) => {
    out += text;
  });
  const record = Uint8Array.from([22, 3, 1, 0, clientHello.length, ...clientHello]);
  const links = ['a:443', 'b:443'].map((leadsTo) => ({ kind: 'conduit' as const, name: 'p:1', leadsTo }));
  for (const byte of record) for (const link of links) tracer.onWire(link, 'sent', Uint8Array.of(byte));
  expect(out.match(/ClientHello/g)).toHaveLength(2);
  expect(out).toContain('→ conduit p:1 to b:443');
});

test('each step has a sentence', () => {
  const origin = { host: '::1', port: 443 };
  expect(describeStep({ step: 'response', origin, status: 200 })).toBe('[::1]:443 answers 200.');
  expect(describeStep({ step: 'tunnel-open', origin, sessionId: undefined })).toContain('blind tunnel');
});
