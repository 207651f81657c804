// The TLS 1.2 key schedule against its twin on node:crypto, for both hashes; legacy_schedule.test.ts has the older ones.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hex, programs } from '../programs.js';
import { prf } from './twin_schedule.js';

/** Suite, its hash, bytes of its key block. */
const suites: [number, string, number][] = [
  [0xc02b, 'sha256', 2 * (16 + 4)],
  [0xc030, 'sha384', 2 * (32 + 4)],
  [0xcca8, 'sha256', 2 * (32 + 12)],
  [0xc027, 'sha256', 2 * (32 + 16)],
  [0xc024, 'sha384', 2 * (48 + 32)],
  [0xc013, 'sha256', 2 * (20 + 16)],
];

describe.each(await programs('primitives'))('TLS 1.2 key schedule on %s', (_, bench) => {
  test.each(suites)('suite %i', (suite, hash, length) => {
    const call = (name: string, ...args: number[]) => bench.exports[name]!(0x0303, ...args);
    const [premaster, client, server, session] = [48, 32, 32, hash === 'sha256' ? 32 : 48].map((n) =>
      randomBytes(n),
    );
    const put = (bytes: Buffer | undefined) => bench.put(bytes!);
    const out = bench.room(256);
    call('masterSecret', suite, put(premaster), 48, put(client), put(server), out);
    const master = Buffer.from(bench.get(out, 48));
    expect(hex(master)).toBe(
      hex(prf(premaster!, 'master secret', Buffer.concat([client!, server!]), 48, hash)),
    );
    call('extendedMasterSecret', suite, put(premaster), 48, put(session), session!.length, out);
    expect(hex(bench.get(out, 48))).toBe(hex(prf(premaster!, 'extended master secret', session!, 48, hash)));
    call('keyBlock', suite, put(master), put(client), put(server), out);
    const block = prf(master, 'key expansion', Buffer.concat([server!, client!]), length, hash);
    expect(hex(bench.get(out, length))).toBe(hex(block));
    for (const [side, label] of ['client finished', 'server finished'].entries()) {
      call('verifyData', suite, put(master), side, put(session), session!.length, out);
      expect(hex(bench.get(out, 12))).toBe(hex(prf(master, label, session!, 12, hash)));
    }
    bench.free();
  });
});
