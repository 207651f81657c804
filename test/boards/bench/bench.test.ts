import { spawnSync } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { measureRows } from '../../../boards/bench/measure.js';
import { Plan, runPlan } from '../../../boards/bench/plan.js';
import { rows } from '../../../boards/bench/rows.js';
import { message, p256, rsa2048 } from '../../../boards/bench/vectors.js';
import { findBoard, missingTools } from '../../../boards/parts/boards.js';
import { assemble } from '../node/wat.js';

const folder = mkdtempSync(join(tmpdir(), 'deputy-board-'));
afterAll(() => rmSync(folder, { recursive: true }));

const board = await findBoard('mps2-an500');
const primitives =
  process.env.DEPUTY_PRIMITIVES ?? fileURLToPath(new URL('../../../build/primitives.wasm', import.meta.url));
// Compiler and emulator of a board are heavy: npx tsx test/setup/packages.ts --boards installs them.
const absent = missingTools(board);
const skipped = absent ? ` (skipped: ${absent})` : '';

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, assemble(text));
  return file;
}

const memory = `(memory (export "memory") 1 3)
  (func (export "at") (param i32) (result i32) local.get 0 i32.load)
  (func (export "grow") (param i32) (result i32) local.get 0 memory.grow)
  (func $work (export "work") (param i32) (result i32) (local i32)
    (loop $l local.get 1 i32.const 3 i32.mul i32.const 1 i32.add local.set 1
      local.get 0 i32.const 1 i32.sub local.tee 0 br_if $l) local.get 1)`;

describe.skipIf(absent)(`wasm3 on the emulated board${skipped}`, { timeout: 300_000 }, () => {
  test('counts the same instructions twice, as released and as tuned', () => {
    const program = write('same.wasm', `(module ${memory})`);
    const count = (tuned: boolean) => {
      const counts: number[] = [];
      const plan = new Plan().program(program);
      for (const times of [1, 10, 100]) plan.count((n) => counts.push(n), times, 'work', 1000);
      runPlan(board, plan, { tuned });
      return counts;
    };
    const [tuned, released] = [count(true), count(false)];
    expect(count(true)).toEqual(tuned);
    expect(count(false)).toEqual(released);
    // The timer ticks every 40 instructions, and is read twice: more calls only sharpen the mean.
    expect(Math.abs(tuned[0]! - tuned[2]!)).toBeLessThanOrEqual(80);
    expect(tuned[2]).toBeLessThan(released[2]!);
  });

  test('gives the results of the other engines', () => {
    const program = write('results.wasm', `(module ${memory})`);
    const answers: unknown[] = [];
    const plan = new Plan().program(program);
    plan.bytes(100, [0xef, 0xbe, 0xad, 0xde]).result((n) => answers.push(n), 'at', 100);
    plan.result((n) => answers.push(n), 'work', 4);
    plan.result((n) => answers.push(n), 'grow', 1).result((n) => answers.push(n), 'at', 100);
    plan.result((n) => answers.push(n), 'grow', 2);
    plan.show((bytes) => answers.push(bytes), 99, 3).memory((linear) => answers.push(linear));
    runPlan(board, plan);
    expect(answers).toEqual([-559038737, 40, 1, -559038737, -1, new Uint8Array([0, 0xef, 0xbe]), 131072]);
  });

  test.each([
    ['a trap', (plan: Plan) => plan.call('at', 65533), '[trap] out of bounds memory access at'],
    ['an unknown function', (plan: Plan) => plan.call('nothing'), 'no such function: nothing'],
    ['an address outside', (plan: Plan) => plan.bytes(65535, [1, 2]), 'an address is outside of the memory'],
    ['another result', (plan: Plan) => plan.call('work', 4).expect(41), 'the call gave 40 (expect 41)'],
    ['missing arguments', (plan: Plan) => plan.call('work'), 'argument count mismatch'],
  ])('tells of %s, and the line of the plan', (_, add, text) => {
    const plan = new Plan().program(write('errors.wasm', `(module ${memory})`));
    add(plan);
    expect(() => runPlan(board, plan)).toThrow(text);
  });

  test('hashes as node:crypto does', () => {
    if (!existsSync(primitives)) throw new Error(`${primitives} does not exist; run npm run build:wasm`);
    const plan = new Plan().program(primitives);
    const [data, out] = [plan.room(4096), plan.room(64)];
    let given = new Uint8Array();
    plan.fill(data, 4096, 7).show((bytes) => (given = bytes), data, 4096);
    const seen: Record<string, string> = {};
    for (const [name, id, size] of [
      ['md5', 1, 16],
      ['sha1', 2, 20],
      ['sha256', 4, 32],
      ['sha384', 5, 48],
    ] as const) {
      plan.call('hashDigest', id, data, 4095, out);
      plan.show((bytes) => (seen[name] = Buffer.from(bytes).toString('hex')), out, size);
    }
    runPlan(board, plan);
    for (const [name, digest] of Object.entries(seen)) {
      expect(digest, name).toBe(createHash(name).update(given.subarray(0, 4095)).digest('hex'));
    }
    expect(Object.keys(seen)).toHaveLength(4);
  });

  test('measures every row of the benchmark, twice the same', () => {
    const quick = rows.map((row) => ({ ...row, ...(row.sizes && { sizes: [64] }) }));
    const first = measureRows(board, primitives, quick);
    expect(first.skipped.filter(({ failed }) => failed)).toEqual([]);
    for (const { primitive, reason } of first.skipped) console.log(`skipped: ${primitive}: ${reason}`);
    expect(first.measured.length).toBeGreaterThan(0);
    for (const row of first.measured) expect(row.instructions, row.primitive).toBeGreaterThan(1000);
    expect(measureRows(board, primitives, quick).measured).toEqual(first.measured);
  });
});

test('the signatures that are measured are valid', () => {
  const [x, y] = [p256.point.slice(1, 33), p256.point.slice(33)].map((half) =>
    Buffer.from(half).toString('base64url'),
  );
  const ec = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x!, y: y! }, format: 'jwk' });
  expect(verify('sha256', message, ec, p256.signature)).toBe(true);
  const [n, e] = [rsa2048.modulus, rsa2048.exponent].map((part) => Buffer.from(part).toString('base64url'));
  const rsa = createPublicKey({ key: { kty: 'RSA', n: n!, e: e! }, format: 'jwk' });
  expect(verify('sha256', message, rsa, rsa2048.signature)).toBe(true);
});

test('the command says how to use it', () => {
  const bench = (...args: string[]) =>
    spawnSync(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('../../../boards/bench/bench.ts', import.meta.url)), ...args],
      {
        encoding: 'utf8',
      },
    );
  expect(bench('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--board NAME') });
  expect(bench('--nonsense').status).toBe(2);
  expect(bench('--board', 'toaster')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^no board 'toaster'; there is .*mps2-an500/),
  });
});

test.skipIf(absent)(
  `the command sets our costs beside those of another program${skipped}`,
  { timeout: 300_000 },
  () => {
    const command = fileURLToPath(new URL('../../../boards/bench/bench.ts', import.meta.url));
    const other = fileURLToPath(new URL('../../../build/record.wasm', import.meta.url));
    const runs = (...args: string[]) =>
      spawnSync(process.execPath, ['--import', 'tsx', command, '--board', 'mps2-an500', ...args], {
        encoding: 'utf8',
      });
    const { status, stdout } = runs('--only', 'SHA-1,P-256 ECDSA verify', '--against', other, '--json');
    expect(status).toBe(0);
    const { rows: found } = JSON.parse(stdout) as {
      rows: { primitive: string; instructions: number; instructionsAgainst: number | null }[];
    };
    for (const { primitive, instructions, instructionsAgainst } of found) {
      // The record program shakes no hands.
      if (primitive === 'P-256 ECDSA verify') expect(instructionsAgainst).toBeNull();
      else expect(instructionsAgainst! / instructions).toBeCloseTo(1, 1);
    }
    expect(found).toHaveLength(4);
    const { status: failed, stderr } = runs('--against', folder);
    expect([failed, stderr]).toEqual([1, expect.stringContaining('there is no primitives.wasm')]);
  },
);
