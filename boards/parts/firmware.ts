// Compiles firmware for a board: the board's own start-up, what all boards share, wasm3, and the program on top; for the
// client also QuickJS, lwIP where the board has no network of its own, and decoders of pictures where it has a screen.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type CompiledIn, compiledIn } from '../aot/compiled_in.js';
import { runtimeHeaders } from '../aot/translate.js';
import { clientSources, clientWasm } from './client.js';
import { gateway } from './gateway/gateway.js';
import { lwip } from './lwip.js';
import { pictureDecoders } from './pictures.js';
import { quickjs } from './quickjs.js';
import { patchedSources, patchHeaders, patchUnits } from './wasm3/patched.js';
import { wasm3Headers, wasm3Pin, wasm3Sources, wasm3Units } from './wasm3.mjs';

/** How OpenOCD writes to a board: its target file, and its own commands, where `{image}` is the file. */
export interface OpenocdProbe {
  readonly target: string;
  readonly commands: readonly string[];
}

/** The device that dfu-util may write to (USB DFU 1.1), and where. */
export interface DfuProbe {
  readonly vendor: string;
  readonly product: string;
  readonly alternate: number;
  readonly address: string;
}

export interface Board {
  readonly name: string;
  readonly title: string;
  readonly compiler: string;
  readonly cpu: readonly string[];
  /** Debian packages of the compiler, its library, the emulator and what runs beside it. */
  readonly packages: readonly string[];
  /** 32-bit ARM: wasm3 gets registers of its own there. */
  readonly arm32?: boolean;
  /** C files of the board's folder, for every program. */
  readonly sources: readonly string[];
  /** C files of boards/common that this board needs beside what all need. */
  readonly common: readonly string[];
  /** C files of the board's folder that the client needs beside. */
  readonly clientSources?: readonly string[];
  /** C files of boards/common that the client needs beside. */
  readonly clientCommon?: readonly string[];
  /** Bytes that the client may take; the build fails beyond. */
  readonly budget?: { readonly flash: number; readonly ram: number };
  /** Where an emulated board finds the machine that emulates it. */
  readonly hostAddress?: string;
  /** The client's network is lwIP; its settings lie in the board's folder. */
  readonly lwip?: boolean;
  readonly linkerScript?: string;
  /** Slots of wasm3's compiler for one function, where 512 are too few. */
  readonly functionStackHeight?: number;
  /** A wasm program that lies in the flash beside the firmware, by its name in build/, and where. */
  readonly program?: string;
  readonly programAddress?: number;
  /** Of wasm3's stack, for that program. */
  readonly stackBytes?: number;
  /** The emulator's arguments that put `file` there. */
  flashed?(file: string): string[];
  /** Ways to write to the real board, best first; or what to do instead. */
  readonly flash?: {
    readonly probes?: Readonly<Record<string, OpenocdProbe | DfuProbe>>;
    readonly instead?: string;
    readonly after?: string;
  };
  /** Absent where the firmware is a program of this machine. */
  readonly emulator?: string;
  /** Its arguments. `line` is the file descriptor of the gateway's line (parts/gateway). */
  machine?(firmware: string, line?: number | string): string[];
  /** What that line carries. With `slip` the client always runs behind the gateway. */
  readonly network?: 'slip' | 'ethernet';
  /** It has a screen and keys, and so a browser. */
  readonly screen?: boolean;
}

/** What runs the device program: the interpreter, or C that was made of the same wasm file and compiled in. */
export type Engine = 'wasm3' | 'aot';

export const ENGINES: readonly Engine[] = ['wasm3', 'aot'];

const boards = fileURLToPath(new URL('..', import.meta.url));
const build = fileURLToPath(new URL('../../build/firmware', import.meta.url));

// wasm3's own presets for small devices want an Arduino; these are what matters of them, with room for large functions.
const wasm3Settings = ({ functionStackHeight = 512 }: Board) => [
  '-Dd_m3CodePageAlignSize=1024',
  '-Dd_m3MaxConstantTableSize=120',
  `-Dd_m3MaxFunctionStackHeight=${functionStackHeight}`,
  '-Dd_m3MaxDuplicateFunctionImpl=1',
  '-Dd_m3VerboseErrorMessages=0',
];

/** Files that are compiled with the same flags, and what else they depend on: headers, and folders of such. */
interface Group {
  files: readonly string[];
  flags: readonly string[];
  headers?: readonly string[];
  near?: readonly string[];
}

const flags = ['-std=gnu11', '-DNDEBUG', '-fno-strict-aliasing', '-ffunction-sections', '-fdata-sections'];
const warnings = ['-Wall', '-Wextra', '-Werror=implicit-function-declaration'];
const sanitizers = ['-g', '-fno-omit-frame-pointer', '-fsanitize=address'];

/** The folders that hold a board.ts. */
export const boardNames = (): string[] =>
  readdirSync(boards)
    .filter((folder) => existsSync(join(boards, folder, 'board.ts')))
    .sort();

/** Loads a board's description from boards/<name>/board.ts. Throws where there is no such board. */
export async function findBoard(name: string): Promise<Board> {
  const names = boardNames();
  if (!names.includes(name)) throw new Error(`no board '${name}'; there is ${names.join(', ')}`);
  return import(pathToFileURL(join(boards, name, 'board.ts')).href);
}

export const allBoards = (): Promise<Board[]> => Promise.all(boardNames().map((name) => findBoard(name)));

/** Why this machine can't build for the board or run it, and what to install; undefined where it can. */
export const missingTools = (board: Board): string | undefined =>
  missing(board, [board.compiler, ...(board.emulator ? [board.emulator] : [])]);

/** The same for building alone. */
export const missingCompiler = (board: Board): string | undefined => missing(board, [board.compiler]);

function missing(board: Board, tools: readonly string[]): string | undefined {
  const absent = tools.filter((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0);
  if (absent.length === 0) return undefined;
  return `${absent.join(' and ')} not found; on Debian: apt-get install ${board.packages.join(' ')}`;
}

// What is compiled with the interpreter's own use of registers, and its way in: see common/program_call.S.
const interpreterFlags = ['r4', 'r5', 'r6', 'r8', 'r9', 'r10'].map((register) => `-fcall-used-${register}`);
const entries = [
  ...['programLoad', 'programFind', 'programCall', 'programFunction', 'programExports', 'programNextExport'],
  ...['programLimit', 'programMemory', 'programFree'],
];

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
  const checks = sanitize ? [...sanitizers, '-fsanitize=undefined', '-fno-sanitize-recover=undefined'] : [];
  const own = {
    files: [
      ...ownFiles(board, board.sources, core.common),
      ...ownFiles(board, board.clientSources, [
        'host.c',
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

/** What runs the program, and what the rest of the firmware needs for that: files of boards/common, and options of the linker. */
interface Core extends Group {
  common: readonly string[];
  link: readonly string[];
}

// A program that was compiled in.
function translated(source: string, sanitize: boolean): Core {
  const aot = join(boards, 'aot');
  return {
    files: [join(aot, 'program.c'), source],
    headers: [...headersIn(aot), join(boards, 'common/program.h')],
    flags: [
      ...(sanitize
        ? ['-O1', ...sanitizers, '-fsanitize=undefined', '-fno-sanitize-recover=undefined']
        : ['-O2']),
      ...[...warnings, '-Wno-unused-function', '-Wno-unused-parameter'],
      ...[`-I${aot}`, '-isystem', runtimeHeaders],
    ],
    common: [],
    link: [],
  };
}

// wasm3 with our way into it.
function interpreter({ tuned, sanitize = false }: { tuned: boolean; sanitize?: boolean }): Core {
  const sources = tuned ? patchedSources(join(build, `wasm3-${wasm3Pin.version}-arm32`)) : wasm3Sources();
  const units = [...wasm3Units, ...(tuned ? patchUnits : [])];
  return {
    files: [join(boards, 'common/program.c'), ...units.map((unit) => join(sources, unit))],
    headers: [
      ...[...wasm3Headers, ...(tuned ? patchHeaders : [])].map((name) => join(sources, name)),
      ...['program.h', 'module.h'].map((name) => join(boards, 'common', name)),
    ],
    flags: [
      // wasm3 puns types and addresses through its slots: it is no case for UndefinedBehaviorSanitizer.
      ...(sanitize ? ['-O2', ...sanitizers] : ['-O3']),
      `-I${sources}`,
      ...(tuned ? interpreterFlags : []),
    ],
    common: ['module.c', ...(tuned ? ['program_call.S'] : [])],
    link: tuned ? entries.map((entry) => `-Wl,--wrap=${entry}`) : [],
  };
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

// Compiles a group of files with the same flags, where that was not done before with the same bytes: theirs, those of
// `headers`, and of all headers in the folders `near`.
function compile(board: Board, { files, headers = [], near = [], flags: own }: Group): string[] {
  const command = [
    ...board.cpu,
    ...flags,
    ...wasm3Settings(board),
    ...own,
    `-I${join(boards, 'common')}`,
    '-c',
  ];
  const hash = createHash('sha256').update(
    JSON.stringify([board.compiler, version(board.compiler), command]),
  );
  for (const file of [...files, ...headers, ...near.flatMap(headersIn)])
    hash.update(file).update(readFileSync(file));
  const folder = join(build, board.name, `objects-${hash.digest('hex').slice(0, 16)}`);
  const objects = files.map((file) => join(folder, `${basename(file, extname(file))}.o`));
  if (existsSync(folder)) return objects;
  // Of this process alone: tests and a benchmark may build at the same time.
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    run(board, [...command, ...files], unfinished);
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return objects;
}

function headersIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.h'),
  );
  return names.sort().map((name) => join(folder, name));
}

function version(compiler: string): string {
  return spawnSync(compiler, ['--version'], { encoding: 'utf8' }).stdout ?? '';
}

function run(board: Board, command: readonly string[], cwd?: string): void {
  const result = spawnSync(board.compiler, command, { ...(cwd && { cwd }), encoding: 'utf8' });
  if (result.status !== 0)
    throw new Error(`${board.compiler} failed:\n${result.stderr ?? result.error?.message}`);
}
