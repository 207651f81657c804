// Instructions that the emulated board executes must be the same for many secrets: no branch and no division depends on them.
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Plan, runPlan } from '../../../boards/bench/plan.js';
import { findBoard, missingTools } from '../../../boards/parts/boards.js';
import { type Bench, programs } from '../programs.js';
import { rsaKey } from './keys.js';

const board = await findBoard('mps2-an500');
const program =
  process.env.DEPUTY_PRIMITIVES ?? fileURLToPath(new URL('../../../build/primitives.wasm', import.meta.url));
// Compiler and emulator of a board are heavy: npx tsx test/setup/packages.ts --boards installs them.
const absent = missingTools(board);
const skipped = absent ? ` (skipped: ${absent})` : '';

/** The board's timer ticks every so many instructions. */
const TICK = 40;

type Part = Uint8Array | number | { secret: () => Uint8Array };

/** Least and most instructions of a call over `times` secrets, after one that makes wasm3 compile what it needs. */
function spread(times: number, name: string, parts: Part[]): number {
  const found: number[] = [];
  const plan = new Plan().program(program);
  const secrets: [string, () => Uint8Array][] = [];
  const args = parts.map((part) => {
    if (typeof part === 'number') return part;
    const bytes = part instanceof Uint8Array ? part : part.secret();
    const room = plan.room(bytes.length);
    plan.bytes(room, bytes);
    if (!(part instanceof Uint8Array)) secrets.push([room, part.secret]);
    return room;
  });
  plan.call(name, ...args);
  for (let i = 0; i < times; i++) {
    for (const [room, draw] of secrets) plan.bytes(room, draw());
    plan.countFirst((count) => found.push(count), name, ...args);
  }
  runPlan(board, plan);
  return Math.max(...found) - Math.min(...found);
}

const [[, v8]] = (await programs('primitives')) as [[string, Bench]];

describe.skipIf(absent)(
  `RSA and Diffie-Hellman on the emulated board${skipped}`,
  { timeout: 300_000 },
  () => {
    test('RSA encryption takes the same instructions for every message', () => {
      // One modulus for all: what its own divisions cost, it decides. Messages are below it by their first byte.
      const [n, e] = rsaKey(2048).numbers as [Uint8Array, Uint8Array];
      const secret = () => Uint8Array.of(0, 2, ...randomBytes(254));
      const parts = [new Uint8Array(256), n, 256, e, e.length, { secret }, 256];
      expect(spread(16, 'rsaPublicOfSecret', parts)).toBeLessThanOrEqual(TICK);
      // A public exponent may show: one multiplication more for each bit that is set. So a difference is seen.
      const exponent = () => Uint8Array.of(1, randomBytes(1)[0]!, 1);
      const raised = [new Uint8Array(256), n, 256, { secret: exponent }, 3, secret(), 256];
      expect(spread(16, 'rsaPublicOfSecret', raised)).toBeGreaterThan(TICK);
    });

    // The second with chunks and carries between them.
    test.each([
      [256, 4, 32],
      [260, 2, 4],
    ])(
      'Diffie-Hellman in group %i takes the same instructions for every secret exponent',
      (group, times, secretLength) => {
        const room = v8.room(1024);
        const length = v8.exports.finiteFieldPrime!(group, room);
        const p = v8.get(room, length);
        v8.free();
        const secret = () => new Uint8Array(randomBytes(secretLength));
        const parts = [new Uint8Array(length), p, length, Uint8Array.of(2), 1, { secret }, secretLength];
        expect(spread(times, 'finiteFieldPower', parts)).toBeLessThanOrEqual(TICK);
      },
    );
  },
);
