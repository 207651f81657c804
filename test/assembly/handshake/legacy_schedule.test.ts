// The key schedules of SSL 3.0, TLS 1.0 and 1.1 against their twins on node:crypto.
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hex, programs } from '../programs.js';
import { prf } from './twin_schedule.js';

/** RFC 2246 §5, for secrets of even length. */
function tls10Prf(secret: Buffer, label: string, seed: Buffer, length: number): Buffer {
  const half = secret.length / 2;
  const md5 = prf(secret.subarray(0, half), label, seed, length, 'md5');
  const sha1 = prf(secret.subarray(half), label, seed, length, 'sha1');
  return Buffer.from(md5.map((byte, i) => byte ^ sha1[i]!));
}

/** RFC 6101 §6.1, §6.2.2; the label is no part of it. */
function ssl3Prf(secret: Buffer, _label: string, seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let i = 1; blocks.length * 16 < length; i++) {
    const salt = Buffer.alloc(i, 0x40 + i);
    const inner = createHash('sha1').update(salt).update(secret).update(seed).digest();
    blocks.push(createHash('md5').update(secret).update(inner).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

/** Version, suite, bytes of its key block: with IVs up to TLS 1.0. */
const cases: [number, number, number][] = [
  [0x0300, 0x002f, 2 * (20 + 16 + 16)],
  [0x0300, 0x0005, 2 * (20 + 16)],
  [0x0301, 0x0035, 2 * (20 + 32 + 16)],
  [0x0301, 0x000a, 2 * (20 + 24 + 8)],
  [0x0301, 0x0004, 2 * (16 + 16)],
  [0x0302, 0x0035, 2 * (20 + 32)],
  [0x0302, 0x0009, 2 * (20 + 8)],
];

describe.each(await programs('primitives'))('old key schedules on %s', (_, bench) => {
  test.each(cases)('version %i, suite %i', (version, suite, length) => {
    const twin = version === 0x0300 ? ssl3Prf : tls10Prf;
    const call = (name: string, ...args: number[]) => bench.exports[name]!(version, suite, ...args);
    const [premaster, client, server, session] = [48, 32, 32, 36].map((n) => randomBytes(n)) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    const out = bench.room(256);
    const put = (bytes: Buffer) => bench.put(bytes);
    call('masterSecret', put(premaster), 48, put(client), put(server), out);
    const master = Buffer.from(bench.get(out, 48));
    expect(hex(master)).toBe(hex(twin(premaster, 'master secret', Buffer.concat([client, server]), 48)));
    call('keyBlock', put(master), put(client), put(server), out);
    const block = twin(master, 'key expansion', Buffer.concat([server, client]), length);
    expect(hex(bench.get(out, length))).toBe(hex(block));
    if (version > 0x0300) {
      call('extendedMasterSecret', put(premaster), 48, put(session), 36, out);
      expect(hex(bench.get(out, 48))).toBe(hex(twin(premaster, 'extended master secret', session, 48)));
      for (const [side, label] of ['client finished', 'server finished'].entries()) {
        call('verifyData', put(master), side, put(session), 36, out);
        expect(hex(bench.get(out, 12))).toBe(hex(twin(master, label, session, 12)));
      }
    }
    bench.free();
  });
});
