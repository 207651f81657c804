// Compiles firmware for a board: the board's own start-up, what all boards share, wasm3, and the program on top; for the
// client also QuickJS, lwIP where the board has no network of its own, and decoders of pictures where it has a screen.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CompiledIn, compiledIn } from '../aot/compiled_in.js';
import type { Board, Engine } from './boards.js';
import { clientSources, clientWasm } from './client.js';
import {
  boards,
  build,
  compile,
  type Group,
  run,
  sanitizers,
  strictSanitizers,
  warnings,
} from './compile.js';
import { interpreter, translated } from './core.js';
import { gateway } from './gateway/gateway.js';
import { lwip } from './lwip.js';
import { pictureDecoders } from './pictures.js';
import { quickjs } from './quickjs.js';

/**
 * Builds `program` (C files below boards/) for the board. Returns the ELF file's path; nothing is compiled where it was
 * built from the same bytes. `tuned: false` gives wasm3 as it was released, by the compiler alone;
 * `compiled` is a program that is compiled in, in the place of wasm3.
 */
export function buildFirmware(
  board: Board,
  name: string,
  program: readonly string[],
  { tuned = true, compiled }: { tuned?: boolean; compiled?: CompiledIn } = {},
): string {
  const core = compiled
    ? translated(compiled.source, false)
    : interpreter({ tuned: tuned && board.arm32 === true });
  const own = {
    files: [...ownFiles(board, board.sources, core.common), ...program.map((file) => join(boards, file))],
    near: near(board),
    flags: ['-O3'],
  };
  return link(
    board,
    `${name}${compiled ? `-${compiled.sha256.toString('hex', 0, 8)}` : tuned ? '' : '-released'}`,
    [own, core],
    [...core.link, ...programLimits(board)],
  );
}

/** The wasm program that lies beside the firmware in a board's flash. Throws where it is not built. */
export function programFile({ program }: Pick<Board, 'program'>): string {
  const file = fileURLToPath(new URL(`../../build/${program}.wasm`, import.meta.url));
  if (!existsSync(file)) throw new Error(`${file} does not exist; run npm run build:wasm`);
  return file;
}

// A board that runs the client gives the benchmark, and peers that need more, all that it has.
function programLimits(board: Board) {
  if (!board.budget || !board.program) return [];
  const { flash, ram } = board.budget;
  return limits({ flash: flash - statSync(programFile(board)).size, ram });
}

const limits = (budget: Readonly<Record<string, number>>) =>
  Object.entries(budget).map(([name, bytes]) => `-Wl,--defsym=${name}Budget=${bytes}`);

/**
 * Builds the client for the board; with `sanitize`, under AddressSanitizer and UndefinedBehaviorSanitizer. `ram` replaces
 * the bytes of the board's budget.
 */
export async function buildClient(
  board: Board,
  { sanitize = false, ram, engine = 'wasm3' }: { sanitize?: boolean; ram?: number; engine?: Engine } = {},
): Promise<string> {
  // Without its other end a serial line leads nowhere: better said now.
  if (board.network === 'slip') gateway();
  const aot = engine === 'aot' ? compiledIn(clientWasm()) : undefined;
  const core = aot
    ? translated(aot.source, sanitize)
    : interpreter({ tuned: board.arm32 === true, sanitize });
  const script = quickjs();
  const stack = board.lwip ? lwip() : undefined;
  const decoders = board.screen ? pictureDecoders() : undefined;
  const includes = [
    `-I${script.include}`,
    ...(stack ? [`-I${stack.include}`, `-I${lwipSettings}`] : []),
    ...(decoders?.includes ?? []),
  ];
  const checks = sanitize ? strictSanitizers : [];
  const own = {
    files: [
      ...ownFiles(board, board.sources, core.common),
      ...ownFiles(board, board.clientSources, [
        'host.c',
        'machine.c',
        'memory.c',
        'native.c',
        'wasm.c',
        ...(board.screen ? ['fonts.c', 'native_screen.c', 'pictures.c'].map((file) => `screen/${file}`) : []),
        ...(board.clientCommon ?? []),
      ]),
      ...(await clientSources(board, aot?.sha256)),
    ],
    near: near(board),
    flags: ['-O2', ...warnings, ...includes, `-I${join(boards, board.name)}`, ...checks],
  };
  const groups: Group[] = [
    own,
    core,
    { ...script, flags: [sanitize ? '-O1' : '-O2', ...script.flags, ...checks] },
  ];
  if (stack) groups.push({ files: stack.files, near: [lwipSettings], flags: ['-Os', ...includes] });
  if (decoders)
    groups.push({
      ...decoders,
      flags: ['-O2', ...decoders.includes, ...decoders.flags, ...(sanitize ? sanitizers : [])],
    });
  const name = `client${aot ? '-aot' : ''}${sanitize ? '-sanitized' : ''}${ram ? `-${ram}` : ''}`;
  return link(board, name, groups, [
    ...core.link,
    ...checks,
    ...limits({ ...board.budget, ...(ram && { ram }) }),
  ]);
}

const lwipSettings = join(boards, 'common/lwip');
const near = (board: Board) => [join(boards, 'common'), join(boards, board.name)];

function ownFiles(board: Board, own: readonly string[] = [], common: readonly string[] = []): string[] {
  return [
    ...own.map((file) => join(boards, board.name, file)),
    ...[...common, ...(own === board.sources ? board.common : [])].map((file) =>
      join(boards, 'common', file),
    ),
  ];
}

function link(board: Board, name: string, groups: readonly Group[], more: readonly string[]): string {
  const output = join(build, board.name, `${name}.elf`);
  const objects = groups.flatMap((group) => compile(board, group));
  const script = board.linkerScript && join(boards, board.name, board.linkerScript);
  const command = [
    ...board.cpu,
    ...objects,
    // Symbols that the script asks for must be defined before it.
    ...['-Wl,--gc-sections', ...more],
    ...(script ? ['-nostartfiles', '-T', script] : []),
    '-lm',
  ];
  const hash = createHash('sha256').update(JSON.stringify(command));
  if (script) hash.update(readFileSync(script));
  const print = hash.digest('hex');
  const stamp = `${output}.stamp`;
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return output;
  rmSync(stamp, { force: true });
  const unfinished = `${output}.${process.pid}`;
  try {
    run(board, [...command, '-o', unfinished]);
    renameSync(unfinished, output);
  } finally {
    rmSync(unfinished, { force: true });
  }
  writeFileSync(stamp, print);
  return output;
}
