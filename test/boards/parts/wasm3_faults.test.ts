// Faults of wasm3 0.5.0 that later versions mend, and why our programs don't reach them: an overflow in its allocation of
// slots and a null pointer, both by malformed modules; and a native stack without a limit. The only modules that it is given
// are the programs of this project, which are part of the firmware or of the package; no peer sends any.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { instructionEnd, readUnsigned } from '../../../boards/parts/wasm_bytes.js';
import { wasm3Sources, wasm3Units } from '../../../boards/parts/wasm3.mjs';
import { compileVariant } from '../../assembly/variant.js';

const root = process.cwd();
const [CALL, CALL_INDIRECT, END] = [0x10, 0x11, 0x0b];
const BLOCKS: readonly number[] = [0x02, 0x03, 0x04];

interface Body {
  calls: Set<number>;
  isIndirect: boolean;
  /** Blocks inside each other. */
  depth: number;
}

/** Bodies of the functions, by index behind those that are imported. */
function bodiesOf(wasm: Uint8Array): { imported: number; bodies: Body[] } {
  const imported = WebAssembly.Module.imports(new WebAssembly.Module(new Uint8Array(wasm))).length;
  const bodies: Body[] = [];
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at];
    const [size, start] = readUnsigned(wasm, at + 1);
    if (id === 10) {
      let [count, next] = readUnsigned(wasm, start);
      for (; count > 0; count--) {
        const [length, first] = readUnsigned(wasm, next);
        bodies.push(readBody(wasm, first, first + length));
        next = first + length;
      }
    }
    at = start + size;
  }
  return { imported, bodies };
}

function readBody(wasm: Uint8Array, first: number, end: number): Body {
  const body: Body = { calls: new Set(), isIndirect: false, depth: 0 };
  let [groups, at] = readUnsigned(wasm, first);
  for (; groups > 0; groups--) at = readUnsigned(wasm, at)[1] + 1;
  for (let open = 0; at < end; at = instructionEnd(wasm, at)) {
    const opcode = wasm[at] ?? 0;
    if (BLOCKS.includes(opcode)) body.depth = Math.max(body.depth, ++open);
    else if (opcode === END) open--;
    else if (opcode === CALL) body.calls.add(readUnsigned(wasm, at + 1)[0]);
    else if (opcode === CALL_INDIRECT) body.isIndirect = true;
  }
  return body;
}

/** Functions that can come to call themselves, directly or by others. */
function inCircles(imported: number, bodies: readonly Body[]): number[] {
  const reached = (from: number): Set<number> => {
    const found = new Set<number>();
    const waiting = [from];
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      for (const called of bodies[index - imported]?.calls ?? []) {
        if (!found.has(called)) waiting.push(called);
        found.add(called);
      }
    }
    return found;
  };
  return bodies.map((_, i) => i + imported).filter((index) => reached(index).has(index));
}

/** The names that the compiler leaves in a program for debuggers (WebAssembly 1.0, appendix "Name Section"). */
function namesOf(wasm: Uint8Array): Map<number, string> {
  const names = new Map<number, string>();
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(new Uint8Array(wasm)), 'name');
  const bytes = new Uint8Array(section ?? new ArrayBuffer(0));
  for (let at = 0; at < bytes.length; ) {
    const [size, start] = readUnsigned(bytes, at + 1);
    if (bytes[at] === 1) {
      let [count, next] = readUnsigned(bytes, start);
      for (; count > 0; count--) {
        const [index, lengthAt] = readUnsigned(bytes, next);
        const [length, first] = readUnsigned(bytes, lengthAt);
        next = first + length;
        names.set(index, Buffer.from(bytes.subarray(first, next)).toString());
      }
    }
    at = start + size;
  }
  return names;
}

/** Each function that calls itself, and how often at most. */
const BOUNDED: Record<string, string> = {
  'assembly/cipher/ghash/ghash': 'once: for the next power of H it hashes one block, which needs no power',
  'assembly/cipher/ghash/extendPowers': 'the same circle',
  'assembly/x509/chain/extendPath': 'once for each certificate of a path, MAX_PATH',
  'assembly/x509/der/checkElements': 'MAX_DEPTH elements inside each other',
  'assembly/x509/der/longLength': 'two bytes of a length',
};

describe.each(['client', 'record', 'primitives'])('%s.wasm', (name) => {
  const file = join(root, `build/${name}.wasm`);
  let wasm: Uint8Array;
  beforeAll(async () => {
    wasm = await readFile(file);
  });

  test('is a well-formed module, by the judgement of another engine', () => {
    expect(WebAssembly.validate(new Uint8Array(wasm))).toBe(true);
  });

  test('has blocks in blocks that wasm3 compiles by calling itself, to a depth that is known', () => {
    const { bodies } = bodiesOf(wasm);
    expect(bodies.length).toBeGreaterThan(50);
    expect(bodies.filter(({ isIndirect }) => isIndirect)).toEqual([]);
    expect(Math.max(...bodies.map(({ depth }) => depth))).toBeLessThanOrEqual(64);
  });
});

test('what calls itself in the device program is bounded, each by a reason', {
  timeout: 120_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'deputy-'));
  try {
    const file = join(folder, 'named.wasm');
    await compileVariant(root, { entry: 'export * from "./client";\n' }, file, { optimized: false });
    const wasm = await readFile(file);
    const { imported, bodies } = bodiesOf(wasm);
    const names = namesOf(wasm);
    const found = inCircles(imported, bodies).map((index) => names.get(index));
    expect(found.length).toBeGreaterThan(0);
    expect(Object.keys(BOUNDED)).toEqual(expect.arrayContaining(found));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a circle is seen, through others too', () => {
  const body = (...calls: number[]): Body => ({ calls: new Set(calls), isIndirect: false, depth: 0 });
  expect(inCircles(1, [body(2), body(3, 0), body()])).toEqual([]);
  expect(inCircles(0, [body(1), body(2), body(1), body(3)])).toEqual([1, 2, 3]);
});

describe('wasm3 under AddressSanitizer', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'deputy-'));
    const source = wasm3Sources();
    const units = wasm3Units.map((unit) => join(source, unit));
    const flags = ['-O1', '-g', '-w', '-fsanitize=address', '-fno-strict-aliasing', `-I${source}`];
    const main = join(root, 'test/boards/parts/c/compile_all.c');
    execFileSync('gcc', [...flags, ...units, main, '-o', join(folder, 'compile_all'), '-lm']);
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(['client', 'record', 'primitives'])(
    'compiles every function of %s.wasm in bounds',
    async (name) => {
      const file = join(root, `build/${name}.wasm`);
      const said = execFileSync(join(folder, 'compile_all'), [file], {
        encoding: 'utf8',
        env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' },
      });
      const { imported, bodies } = bodiesOf(await readFile(file));
      expect(said).toBe(`${imported + bodies.length} functions\n`);
    },
  );
});
