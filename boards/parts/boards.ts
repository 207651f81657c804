// Boards as their board.ts describes them.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

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
