import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { programs, unhex } from '../programs.js';
import { CONTEXT, Direction, ERROR } from './direction.js';
import { record, SSL30, SUITES, type Suite, TLS10, TLS11, TLS12, TLS13, Twin } from './twin_protection.js';

const names = new Map<number, string>([
  [SSL30, 'SSL 3.0'],
  [TLS10, 'TLS 1.0'],
  [TLS11, 'TLS 1.1'],
  [TLS12, 'TLS 1.2'],
  [TLS13, 'TLS 1.3'],
]);

interface Epoch {
  label: string;
  suite: Suite;
  version: number;
  encryptThenMac: boolean;
}

const EPOCHS: Epoch[] = SUITES.flatMap((suite) =>
  suite.versions.flatMap((version) =>
    // RFC 7366 is an extension of TLS: SSL 3.0 has none.
    (suite.kind === 'cbc' && version > SSL30 ? [false, true] : [false]).map((encryptThenMac) => ({
      label: `${names.get(version)} ${suite.name}${encryptThenMac ? ', encrypt-then-MAC' : ''}`,
      suite,
      version,
      encryptThenMac,
    })),
  ),
);

const LENGTHS = [0, 1, 15, 16, 17, 63, 64, 65, 255, 256, 257, 1000, 4096, 16384];

describe.each(await programs('primitives'))('record protection on %s', (_, bench) => {
  test.each(EPOCHS)('$label: the twin opens what we seal', ({ suite, version, encryptThenMac }) => {
    const twin = new Twin(suite, version, encryptThenMac);
    const ours = new Direction(bench, twin, 1);
    for (const length of LENGTHS) {
      const payload = randomBytes(length);
      let sealed = ours.seal(23, payload) as Buffer;
      expect(sealed).toBeInstanceOf(Buffer);
      const parts: Buffer[] = [];
      // Under CBC before TLS 1.1 a first record of one byte goes ahead.
      const split = suite.kind === 'cbc' && version <= TLS10 && length > 1;
      for (let i = split ? 2 : 1; i; i--) {
        const end = 5 + sealed.readUInt16BE(3);
        const { type, payload: opened } = twin.open(sealed.subarray(0, end));
        expect(type).toBe(23);
        parts.push(opened);
        sealed = sealed.subarray(end);
      }
      expect(sealed).toHaveLength(0);
      expect(parts[0]!.length).toBe(split ? 1 : length);
      expect(Buffer.concat(parts).equals(payload)).toBe(true);
    }
    ours.free();
  });

  test.each(EPOCHS)('$label: we open what the twin seals', ({ suite, version, encryptThenMac }) => {
    const twin = new Twin(suite, version, encryptThenMac);
    const ours = new Direction(bench, twin, 0);
    for (const length of LENGTHS) {
      // Node finds no tag for an empty message under CCM.
      if (length === 0 && suite.cipher.endsWith('ccm') && version !== TLS13) continue;
      const payload = randomBytes(length);
      const opened = ours.open(twin.seal(22, payload));
      expect(opened).toEqual({ type: 22, payload });
    }
    expect(bench.exports.recordSequence!(ours.context)).toBe(Number(twin.sequence));
    ours.free();
  });

  test.each(EPOCHS)(
    '$label: a wrong bit anywhere is bad_record_mac',
    ({ suite, version, encryptThenMac }) => {
      // SSL 3.0 doesn't look at the padding, and its MAC at no version: a flip there goes unseen.
      const blind = (length: number, at: number) =>
        version === SSL30 && suite.kind === 'cbc' && at >= length - 2 * suite.block!;
      const length = 5 + new Twin(suite, version, encryptThenMac).seal(23, Buffer.alloc(37)).readUInt16BE(3);
      for (let at = 0; at < length; at++) {
        // The length's own bytes are checked below, and the outer version of TLS 1.3 is authenticated but not compared.
        if (at === 3 || at === 4 || blind(length, at)) continue;
        const twin = new Twin(suite, version, encryptThenMac);
        const ours = new Direction(bench, twin, 0);
        const sealed = twin.seal(23, randomBytes(37));
        sealed[at]! ^= 1 << (at % 8);
        const want =
          at === 0 && version === TLS13
            ? ERROR.UnexpectedRecord
            : (at === 1 || at === 2) && version !== TLS13
              ? ERROR.ProtocolVersion
              : ERROR.BadRecordMac;
        expect(ours.open(sealed), `byte ${at} of ${length}`).toBe(want);
        ours.free();
      }
    },
  );

  test.each(EPOCHS)(
    '$label: every length of fragment is answered, none accepted',
    ({ suite, version, encryptThenMac }) => {
      for (let length = 0; length < 120; length++) {
        const twin = new Twin(suite, version, encryptThenMac);
        const ours = new Direction(bench, twin, 0);
        const random = record(23, Math.min(version, TLS12), randomBytes(length));
        expect(ours.open(random), `${length} random bytes`).toBe(ERROR.BadRecordMac);
        ours.free();
      }
    },
  );

  test.each(EPOCHS)('$label: lengths that no record may have', ({ suite, version, encryptThenMac }) => {
    const twin = new Twin(suite, version, encryptThenMac);
    const ours = new Direction(bench, twin, 0);
    const wire = Math.min(version, TLS12);
    const most = version === TLS13 ? 16384 + 256 : 16384 + 2048;
    expect(ours.open(record(23, wire, Buffer.alloc(most + 1)))).toBe(ERROR.RecordOverflow);
    expect(ours.open(record(23, wire, Buffer.alloc(most)))).toBe(ERROR.BadRecordMac);
    const sealed = twin.seal(23, randomBytes(20));
    for (let length = 0; length < sealed.length; length++)
      expect(ours.open(sealed, length)).toBe(ERROR.DecodeError);
    ours.free();

    // Authentic, but the plaintext is too long.
    const long = new Twin(suite, version, encryptThenMac);
    const opener = new Direction(bench, long, 0);
    expect(opener.open(long.seal(23, Buffer.alloc(16385)))).toBe(ERROR.RecordOverflow);
    opener.free();

    const sealer = new Direction(bench, long, 1);
    expect(sealer.seal(23, Buffer.alloc(16385))).toBe(ERROR.TooLong);
    sealer.free();
  });

  test.each(EPOCHS.filter(({ suite }) => suite.kind !== 'stream'))(
    '$label: sequence numbers are 64 bits and never wrap',
    (epoch) => {
      const twin = new Twin(epoch.suite, epoch.version, epoch.encryptThenMac);
      const [sealer, opener] = [new Direction(bench, twin, 1), new Direction(bench, twin, 0)];
      for (const sequence of [0xffffffffn, 0x100000000n, 0x7fffffffffffffffn, 0xfffffffffffffffen]) {
        for (const end of [sealer, opener]) end.goTo(sequence);
        twin.sequence = sequence;
        const payload = randomBytes(1);
        const sealed = sealer.seal(23, payload) as Buffer;
        expect(opener.open(sealed)).toEqual({ type: 23, payload });
        expect(twin.open(sealed).payload).toEqual(payload);
      }
      expect(sealer.seal(23, Buffer.alloc(1))).toBe(ERROR.SequenceExhausted);
      expect(opener.open(twin.seal(23, Buffer.alloc(1)))).toBe(ERROR.SequenceExhausted);
      for (const end of [sealer, opener]) end.free();
    },
  );

  test('a record out of order or sent twice is bad_record_mac', () => {
    const twin = new Twin(SUITES[0]!, TLS13);
    const [first, second] = [twin.seal(23, Buffer.of(1)), twin.seal(23, Buffer.of(2))];
    const late = new Direction(bench, twin, 0);
    expect(late.open(second)).toBe(ERROR.BadRecordMac);
    expect(late.open(first)).toEqual({ type: 23, payload: Buffer.of(1) });
    expect(late.open(first)).toBe(ERROR.BadRecordMac);
    late.free();
  });

  test('a suite that is unknown or of another version is refused', () => {
    const context = bench.room(CONTEXT);
    const init = (suite: number, version: number) =>
      bench.exports.protectionInit!(context, suite, version, context, context, context, 1);
    expect(init(0x5600, TLS12)).toBe(ERROR.BadArgument);
    expect(init(0x1301, TLS12)).toBe(ERROR.BadArgument);
    expect(init(0xc02f, TLS13)).toBe(ERROR.BadArgument);
    expect(init(0xc02f, TLS11)).toBe(ERROR.BadArgument);
    expect(init(0xc027, TLS11)).toBe(ERROR.BadArgument);
    expect(init(0x1301, 0x0305)).toBe(ERROR.BadArgument);
    bench.free();
  });

  test.each(EPOCHS)(
    '$label: nothing of keys and data is left in memory',
    ({ suite, version, encryptThenMac }) => {
      const twin = new Twin(suite, version, encryptThenMac);
      const payload = randomBytes(200);
      const altered = twin.seal(23, payload);
      altered[altered.length - 1]! ^= 1;
      twin.sequence = 0n;
      for (const seal of [0, 1] as const) {
        const ours = new Direction(bench, new Twin(suite, version, encryptThenMac, twin), seal);
        if (seal) ours.seal(23, payload);
        else ours.open(altered);
        bench.exports.protectionWipe!(ours.context);
        expect(bench.get(ours.context, CONTEXT).every((byte) => byte === 0)).toBe(true);
        ours.free();
      }
      const memory = Buffer.from(bench.program.memory());
      const secrets: Record<string, Buffer> = { key: twin.key, iv: twin.iv.subarray(0, 12) };
      if (suite.mac) secrets.macKey = twin.macKey;
      for (let at = 0; at + 16 <= payload.length; at++)
        secrets[`payload ${at}`] = payload.subarray(at, at + 16);
      for (const [name, bytes] of Object.entries(secrets)) expect(memory.includes(bytes), name).toBe(false);
    },
  );

  test('the plaintext epoch passes records as they are', () => {
    const context = bench.room(CONTEXT);
    bench.exports.protectionNull!(context);
    const sealed = record(22, TLS12, unhex('0e000000'));
    const at = bench.put(sealed);
    expect(bench.exports.openRecord!(context, at, 9)).toBe(4);
    expect(bench.exports.openedType!(context)).toBe(22);
    expect(bench.exports.openedStart!(context)).toBe(at + 5);
    const out = bench.room(48 + 4 + 80);
    bench.program.memory().set(unhex('0e000000'), out + 48);
    expect(bench.exports.sealRecord!(context, 22, out, 4)).toBe(9);
    expect(Buffer.from(bench.get(out, 9))).toEqual(sealed);
    const long = bench.put(record(22, TLS12, Buffer.alloc(16385)));
    expect(bench.exports.openRecord!(context, long, 16390)).toBe(ERROR.RecordOverflow);
    bench.free();
  });
});
