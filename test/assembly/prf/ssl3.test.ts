// No published vectors exist for SSL 3.0: each function stands against RFC 6101's formula over node:crypto.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { HASH_CONTEXT, type HashName, hashNamed, message, occurrences, result } from '../hash/hashes.js';
import { hex, programs } from '../programs.js';

const SSL3_MAC_CONTEXT = 248;
const hash = (name: string, ...parts: Uint8Array[]) => createHash(name).update(Buffer.concat(parts)).digest();
const pads = (name: string, byte: number) => Buffer.alloc(name === 'md5' ? 48 : 40, byte);

/** RFC 6101 §6.1. */
function readablePrf(secret: Uint8Array, seed: Uint8Array, length: number) {
  const parts = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].map((letter, i) =>
    hash('md5', secret, hash('sha1', Buffer.from(letter.repeat(i + 1)), secret, seed)),
  );
  return Buffer.concat(parts).subarray(0, length);
}

/** RFC 6101 §5.2.3.1. */
const readableMac = (name: string, key: Uint8Array, data: Uint8Array) =>
  hash(name, key, pads(name, 0x5c), hash(name, key, pads(name, 0x36), data));

describe.each(await programs('primitives'))('SSL 3.0 on %s', (_, bench) => {
  test('the PRF gives what the formula gives, for all lengths up to 26 digests', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80, size: 'max' }),
        fc.uint8Array({ maxLength: 80, size: 'max' }),
        fc.nat(416),
        (secret, seed, length) => {
          const got = result(bench, length, (out) =>
            bench.exports.ssl3Prf!(
              bench.put(secret),
              secret.length,
              bench.put(seed),
              seed.length,
              out,
              length,
            ),
          );
          expect(hex(got)).toBe(hex(readablePrf(secret, seed, length)));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('longer keys and longer outputs are refused', () => {
    const room = bench.room(SSL3_MAC_CONTEXT + 1024);
    const key = bench.put(new Uint8Array(64));
    for (const length of [21, 64, -1]) {
      expect(bench.exports.ssl3MacInit!(room, 1, key, length)).toBe(ErrorCode.BadArgument);
    }
    for (const length of [417, 600, -1]) {
      expect(bench.exports.ssl3Prf!(key, 48, key, 64, room, length)).toBe(ErrorCode.BadArgument);
    }
    bench.free();
  });

  test.each<HashName>(['md5', 'sha1'])(
    'the %s MAC of record after record gives what the formula gives',
    (name) => {
      const { id, size } = hashNamed(name);
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: size, maxLength: size }),
          fc.array(message(300), { maxLength: 3 }),
          (key, records) => {
            const context = bench.room(SSL3_MAC_CONTEXT);
            bench.exports.ssl3MacInit!(context, id, bench.put(key), size);
            for (const { data } of records) {
              const out = bench.room(size);
              bench.exports.ssl3MacUpdate!(context, bench.put(data), data.length);
              bench.exports.ssl3MacFinal!(context, out);
              expect(hex(bench.get(out, size))).toBe(hex(readableMac(name, key, data)));
            }
            bench.free();
          },
        ),
        { numRuns: 40 },
      );
    },
  );

  test.each<HashName>(['md5', 'sha1'])('the %s hash of a handshake leaves the transcript running', (name) => {
    const { id, size } = hashNamed(name);
    const messages = Buffer.alloc(333, 0x61);
    const master = Buffer.from('a master secret of SSL 3.0 is of 48 bytes alike.');
    const transcript = bench.room(HASH_CONTEXT);
    bench.exports.hashInit!(id, transcript);
    bench.exports.hashUpdate!(transcript, bench.put(messages), messages.length);
    const finished = (sender: string) => {
      const out = bench.room(size);
      bench.exports.ssl3HandshakeHash!(
        id,
        transcript,
        bench.put(Buffer.from(sender)),
        sender.length,
        bench.put(master),
        master.length,
        out,
      );
      return hex(bench.get(out, size));
    };
    const want = (sender: string) =>
      hex(
        hash(
          name,
          master,
          pads(name, 0x5c),
          hash(name, messages, Buffer.from(sender), master, pads(name, 0x36)),
        ),
      );
    for (const sender of ['CLNT', 'SRVR', '']) expect(finished(sender), sender).toBe(want(sender));
    bench.free();
    expect(occurrences(bench, master.subarray(0, 16))).toEqual([]);
  });
});
