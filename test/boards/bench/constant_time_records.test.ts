// Records of equal length cost the same number of instructions, whatever is in them, in both programs: the smaller one has other
// code for some of it.
import { randomBytes, randomInt } from 'node:crypto';
import { describe, test } from 'vitest';
import { cbcRecord } from '../../../boards/bench/given.js';
import {
  absent,
  built,
  CONTEXT,
  counted,
  expectEqual,
  FEW,
  onEachEngine,
  skipped,
  TIMES,
  withSecrets,
} from './counting.js';

const SUITES = {
  sha384: { suite: 0xc028, keyLength: 32, macLength: 48 },
  sha256: { suite: 0xc027, keyLength: 16, macLength: 32 },
  sha1: { suite: 0xc013, keyLength: 16, macLength: 20 },
} as const;

for (const target of ['primitives', 'record'] as const)
  describe.skipIf(absent)(
    `equal instruction counts in the ${target} program${skipped}`,
    { timeout: 600_000 },
    () =>
      onEachEngine(() => {
        const program = built(target);

        // All paddings that make a record of that length, and everything that can be wrong inside of it.
        const records =
          (mac: 'sha384' | 'sha256' | 'sha1', bodyLength: number, spoil?: (plain: Buffer) => void) =>
          (times: number) =>
            counted((plan, answer) => {
              const { suite, keyLength, macLength } = SUITES[mac];
              const [key, iv, macKey] = [keyLength, 16, macLength].map((length) => randomBytes(length)) as [
                Buffer,
                Buffer,
                Buffer,
              ];
              const context = plan.room(CONTEXT);
              const [keyRoom, macRoom, record] = [
                plan.given(key),
                plan.given(macKey),
                plan.room(16 + bodyLength + 5),
              ];
              for (let i = -1; i < times; i++) {
                const most = Math.min(256, bodyLength - macLength);
                const padding = i === 0 ? 1 : i === 1 ? most : randomInt(1, most + 1);
                const data = randomBytes(bodyLength - macLength - padding);
                const alter = spoil && { alter: spoil };
                const bytes = cbcRecord({
                  key,
                  iv,
                  macKey,
                  mac,
                  sequence: 0,
                  type: 23,
                  data,
                  padding,
                  ...alter,
                });
                plan
                  .call('protectionInit', context, suite, 0x0303, keyRoom, 0, macRoom, 0)
                  .bytes(record, bytes);
                if (i < 0) plan.call('openRecord', context, record, bytes.length);
                else plan.countFirst(answer, 'openRecord', context, record, bytes.length);
                // Only what is valid opens; the error is the same for all that is not.
                if (!spoil) plan.expect(data.length);
              }
            }, program);

        test.each([
          ['sha384', 512],
          ['sha256', 512],
          ['sha256', 64],
          ['sha1', 1024],
        ] as const)('CBC with HMAC-%s: records of %i bytes, whatever their padding', (mac, length) => {
          expectEqual(records(mac, length)(TIMES), TIMES);
        });

        test('CBC: a bad MAC, bad padding and an impossible padding length', () => {
          const flipped = (at: (plain: Buffer) => number) => (plain: Buffer) => {
            plain[at(plain)]! ^= 1 << randomInt(8);
          };
          const spoiled = [
            flipped(() => randomInt(256)),
            flipped((plain) => plain.length - 1 - randomInt(2)),
            (plain: Buffer) => {
              plain[plain.length - 1] = 255;
              plain[0]! ^= 1;
            },
            (plain: Buffer) => {
              randomBytes(plain.length).copy(plain);
            },
          ];
          const counts = spoiled.flatMap((spoil) => records('sha256', 512, spoil)(FEW));
          expectEqual(counts, spoiled.length * FEW);
        });

        test('CBC: records sealed', () => {
          const counts = counted((plan, answer) => {
            const [context, record] = [plan.room(CONTEXT), plan.room(1024)];
            for (let i = -1; i < TIMES; i++) {
              const [key, mac] = [plan.given(randomBytes(16)), plan.given(randomBytes(32))];
              plan
                .call('protectionInit', context, 0xc027, 0x0303, key, 0, mac, 1)
                .bytes(record, randomBytes(512));
              if (i < 0) plan.call('sealRecord', context, 23, record, 300);
              else plan.countFirst(answer, 'sealRecord', context, 23, record, 300);
            }
          }, program);
          expectEqual(counts, TIMES);
        });

        test.each([
          ['TLS_AES_128_GCM_SHA256', 0x1301, 0x0304],
          ['TLS_CHACHA20_POLY1305_SHA256', 0x1303, 0x0304],
          ['TLS_AES_128_CCM_8_SHA256', 0x1305, 0x0304],
          ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384', 0xc028, 0x0303],
        ])('%s: set up', (_, suite, version) => {
          const counts = withSecrets(
            TIMES,
            [32, 16, 48],
            (plan, [key, iv, mac]) => [
              'protectionInit',
              plan.room(CONTEXT),
              suite,
              version,
              key!,
              iv!,
              mac!,
              1,
            ],
            undefined,
            program,
          );
          expectEqual(counts, TIMES);
        });

        test.each([
          ['TLS_AES_128_GCM_SHA256', 0x1301],
          ['TLS_CHACHA20_POLY1305_SHA256', 0x1303],
          ['TLS_AES_128_CCM_8_SHA256', 0x1305],
        ])('%s: records sealed', (_, suite) => {
          const counts = counted((plan, answer) => {
            const [context, record] = [plan.room(CONTEXT), plan.room(1024)];
            for (let i = -1; i < TIMES; i++) {
              const [key, iv] = [plan.given(randomBytes(16 * 2)), plan.given(randomBytes(12))];
              plan
                .call('protectionInit', context, suite, 0x0304, key, iv, 0, 1)
                .bytes(record, randomBytes(512));
              if (i < 0) plan.call('sealRecord', context, 23, record, 300);
              else plan.countFirst(answer, 'sealRecord', context, 23, record, 300);
            }
          }, program);
          expectEqual(counts, TIMES);
        });
      }),
  );
