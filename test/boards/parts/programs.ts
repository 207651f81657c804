// Random WebAssembly programs, for comparing interpreters: straight code over i32 and i64 with locals set and overwritten,
// memory at any alignment, shifts by constants and by values, blocks with results, branches and loops.

const OPERATORS = {
  i32: ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl', 'rotr'],
  i64: ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl', 'rotr'],
};
const COMPARISONS = ['eq', 'ne', 'lt_s', 'lt_u', 'gt_s', 'gt_u', 'le_s', 'le_u', 'ge_s', 'ge_u'];
const LOADS = {
  i32: ['load', 'load8_s', 'load8_u', 'load16_s', 'load16_u'],
  i64: ['load', 'load8_s', 'load8_u', 'load16_s', 'load16_u', 'load32_s', 'load32_u'],
};
const STORES = { i32: ['store', 'store8', 'store16'], i64: ['store', 'store8', 'store16', 'store32'] };
const COUNTS = [0, 1, 2, 7, 16, 24, 31, 32, 33, 40, 47, 62, 63, 64, 65, 96, -1, -31];
const NUMBERS = [0n, 1n, -1n, 0x7fffffffn, -0x80000000n, 0x12345678n, 0xff00ff00n];
const LONG = [...NUMBERS, 1n << 32n, -(1n << 63n), 0x123456789abcdef0n, -0x0f0f0f0f0f0f0f10n];

type Type = 'i32' | 'i64';

/** A module with `count` functions `f0`, `f1`, … of two i32 that give an i32; `next` gives numbers below its argument. */
export function randomModule(count: number, next: (below: number) => number): string {
  const pick = <T>(from: readonly T[]): T => from[next(from.length)]!;
  const local = (type: Type) => `$${type === 'i32' ? 'a' : 'b'}${next(5)}`;
  const constant = (type: Type) => `(${type}.const ${type === 'i32' ? pick(NUMBERS) : pick(LONG)})`;
  const address = (depth: number) =>
    next(2) ? '(local.get $p)' : `(i32.and ${value('i32', depth - 1)} (i32.const 1023))`;
  const offset = () => (next(2) ? '' : `offset=${next(500)}`);

  function value(type: Type, depth: number): string {
    if (depth <= 0) return next(3) ? `(local.get ${local(type)})` : constant(type);
    const [a, b] = [() => value(type, depth - 1 - next(2)), () => value(type, depth - 1 - next(2))];
    switch (next(12)) {
      case 0:
        return `(local.tee ${local(type)} ${a()})`;
      case 1:
        return `(${type}.${pick(LOADS[type])} ${offset()} ${address(depth)})`;
      case 2: {
        const shifts = OPERATORS[type].slice(6);
        return `(${type}.${pick(shifts)} ${a()} (${type}.const ${pick(COUNTS)}))`;
      }
      case 3:
        return `(select ${a()} ${b()} ${value('i32', depth - 1)})`;
      case 4:
        if (type === 'i32') return `(i32.wrap_i64 ${value('i64', depth - 1)})`;
        return `(i64.extend_i32_${pick(['s', 'u'])} ${value('i32', depth - 1)})`;
      case 5: {
        const of = pick<Type>(['i32', 'i64']);
        const truth = `(${of}.${pick(COMPARISONS)} ${value(of, depth - 1)} ${value(of, depth - 1)})`;
        return type === 'i32' ? truth : `(i64.extend_i32_u ${truth})`;
      }
      case 6:
        return `(block (result ${type}) (br_if 0 ${a()} ${value('i32', depth - 1)}) drop ${b()})`;
      case 7:
        return `(if (result ${type}) ${value('i32', depth - 1)} (then ${a()}) (else ${b()}))`;
      case 8: {
        const zero = `(${pick<Type>(['i32', 'i64']) === 'i32' ? `i32.eqz ${value('i32', depth - 1)}` : `i64.eqz ${value('i64', depth - 1)}`})`;
        return type === 'i32' ? zero : `(i64.extend_i32_u ${zero})`;
      }
      default:
        return `(${type}.${pick(OPERATORS[type])} ${a()} ${b()})`;
    }
  }

  function statement(): string {
    const type = pick<Type>(['i32', 'i64']);
    switch (next(8)) {
      case 0:
        return `(${type}.${pick(STORES[type])} ${offset()} ${address(2)} ${value(type, 2)})`;
      case 1:
        return `(if ${value('i32', 2)} (then ${set()} ${set()}) (else ${set()}))`;
      case 2:
        return `(local.set $n (i32.const ${1 + next(4)}))
          (loop ${set()} ${set()} (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))`;
      case 3:
        return `(block ${set()} (br_if 0 ${value('i32', 1)}) ${set()})`;
      case 4:
        return `(local.set $p (i32.and ${value('i32', 2)} (i32.const 1023)))`;
      default:
        return set();
    }
  }
  const set = () => {
    const type = pick<Type>(['i32', 'i64']);
    return `(local.set ${local(type)} ${value(type, 3)})`;
  };

  const functions = Array.from({ length: count }, (_, i) => {
    const body = Array.from({ length: 24 }, statement).join('\n');
    const sum = [0, 1, 2, 3, 4].reduce(
      (text, n) =>
        `(i64.add (i64.mul ${text} (i64.const 0x10001)) (i64.xor (local.get $b${n}) (i64.extend_i32_u (local.get $a${n}))))`,
      '(i64.const 1)',
    );
    return `(func (export "f${i}") (param $a0 i32) (param $a1 i32) (result i32)
      (local $a2 i32) (local $a3 i32) (local $a4 i32) (local $p i32) (local $n i32)
      (local $b0 i64) (local $b1 i64) (local $b2 i64) (local $b3 i64) (local $b4 i64)
      ${body}
      (local.set $b0 ${sum})
      (i32.wrap_i64 (i64.xor (local.get $b0) (i64.shr_u (local.get $b0) (i64.const 32)))))`;
  });
  return `(module (memory (export "memory") 1) ${functions.join('\n')})`;
}
