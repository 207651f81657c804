// The benchmark's figures as text.
import type { Measured } from './measure.js';
import type { Compared } from './plot.js';

const million = (count: number) => (count / 1e6).toFixed(count < 1e5 ? 4 : 3);

/** Lines of equally wide columns; the first is aligned to the left. */
function aligned(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = head.map((name, i) => Math.max(name.length, ...lines.map((line) => line[i]!.length)));
  const format = (line: readonly string[]) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return [head, ...lines].map((line) => format(line).trimEnd()).join('\n');
}

const cost = ({ primitive, size, instructions, instructionsPerByte }: Measured): string[] => [
  primitive,
  `${size ?? ''}`,
  million(instructions),
  instructionsPerByte?.toFixed(1) ?? '',
];

/** Our own costs; beside them those on wasm3 as `released`, and those of the program `against`, with its share. */
export function ownTable({
  rows,
  released,
  against,
}: {
  rows: readonly Measured[];
  released?: boolean | undefined;
  against?: string | undefined;
}): string {
  const head = [
    ...['primitive', 'bytes', 'M instr', 'instr/byte', ...(released ? ['as released'] : [])],
    ...(against ? ['against', 'its share'] : []),
  ];
  const lines = rows.map((row) => [
    ...cost(row),
    ...(released ? [million(row.instructionsReleased!)] : []),
    ...(against ? other(row) : []),
  ]);
  const table = aligned(head, lines);
  return against
    ? `${table}\n\nagainst: ${against}; its share: its cost over ours, so that more is better for us`
    : table;
}

const other = ({ instructions, instructionsAgainst: theirs }: Measured): string[] =>
  theirs == null ? ['', 'not there'] : [million(theirs), (theirs / instructions).toFixed(3)];

const ratio = (value: number | null, digits: number) => value?.toFixed(digits) ?? '';

/** Our costs, the best peer's over ours, and ours over native code. */
export function comparisonTable({ rows }: { rows: readonly Compared[] }): string {
  const head = [
    'primitive',
    'bytes',
    'M instr',
    'instr/byte',
    'ratio',
    'to native',
    'to native c.t.',
    'best peer',
  ];
  const lines = rows.map((row) => [
    `${row.primitive}${row.constantTime ? ' *' : ''}`,
    ...cost(row).slice(1),
    ratio(row.ratio, 2),
    ratio(row.nativeRatio, 1),
    ratio(row.nativeConstantTimeRatio, 1),
    row.peer ? `${row.peer}${row.peerConstantTime ? ' *' : ''}` : 'none',
  ]);
  return `${aligned(head, lines)}\n\n* constant-time; ratio: the best peer's cost over ours; to native: ours over BearSSL's by gcc -O2, c.t.: constant-time`;
}

/** Every peer and variant by itself. */
export function peersTable({ rows }: { rows: readonly Compared[] }): string {
  const head = ['primitive', 'bytes', 'M instr', 'ratio', 'peer'];
  const lines = rows.flatMap((row) =>
    [...row.peers, ...row.native].map((one) => [
      row.primitive,
      `${row.size ?? ''}`,
      million(one.instructions),
      one.ratio.toFixed(2),
      `${one.name}${one.constantTime ? ' *' : ''}`,
    ]),
  );
  return aligned(head, lines);
}
