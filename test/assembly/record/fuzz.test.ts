import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { programs } from '../programs.js';
import { Direction } from './direction.js';
import { SUITES, TLS12, Twin } from './twin_protection.js';

/** Edits that keep the header's length true, so that they reach the schemes: flips, a cut, bytes put in. */
const edits = fc.array(
  fc.record({
    at: fc.nat(400),
    kind: fc.constantFrom('flip', 'cut', 'put'),
    byte: fc.integer({ min: 1, max: 255 }),
  }),
  { minLength: 1, maxLength: 4 },
);

describe.each(await programs('primitives'))('openRecord on %s', (engine, bench) => {
  test('never opens what was altered, never traps, and writes inside the record and the context alone', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SUITES),
        fc.nat(300),
        edits,
        fc.boolean(),
        (suite, length, changes, fixLength) => {
          const version = suite.versions.at(-1)!;
          const twin = new Twin(suite, version);
          const original = twin.seal(23, randomBytes(length + 1));
          let bytes = [...original];
          for (const { at, kind, byte } of changes) {
            const i = at % bytes.length;
            if (kind === 'flip') bytes[i]! ^= byte;
            else if (kind === 'cut') bytes.splice(i, byte % 20);
            else bytes.splice(i, 0, byte);
            if (bytes.length < 5) bytes = [23, 3, 3, 0, 0];
          }
          if (fixLength) bytes.splice(3, 2, (bytes.length - 5) >> 8, (bytes.length - 5) & 255);
          const altered = Buffer.from(bytes);
          if (altered.equals(original)) return;

          const ours = new Direction(bench, twin, 0);
          const guarded = bench.put(Buffer.concat([Buffer.alloc(64, 0xa5), altered, Buffer.alloc(64, 0xa5)]));
          const opened = bench.exports.openRecord!(ours.context, guarded + 64, altered.length);
          expect(opened).toBeLessThan(0);
          // The alert that each error names (alert.ts): decode_error, record_overflow, bad_record_mac, protocol_version,
          // unexpected_message
          expect([50, 22, 20, 70, 10]).toContain(-opened >> 8);
          const around = [...bench.get(guarded, 64), ...bench.get(guarded + 64 + altered.length, 64)];
          expect(around.every((byte) => byte === 0xa5)).toBe(true);
          // A failure does not move the direction on: the record itself still opens, but for chained state.
          if (suite.kind !== 'stream') {
            expect(ours.open(original)).toMatchObject({ type: 23 });
          }
          expect(version).toBeGreaterThanOrEqual(TLS12);
          ours.free();
          bench.free();
        },
      ),
      { numRuns: engine === 'V8' ? 600 : 150 },
    );
  });
});
