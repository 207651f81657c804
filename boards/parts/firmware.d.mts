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
  /** A wasm program that lies in the flash beside the firmware, by its name in build/, and where. */
  readonly program?: string;
  readonly programAddress?: number;
  /** Ways to write to the real board, best first; or what to do instead. */
  readonly flash?: {
    readonly probes?: Readonly<Record<string, unknown>>;
    readonly instead?: string;
    readonly after?: string;
  };
  /** Absent where the firmware is a program of this machine. */
  readonly emulator?: string;
  /** Its arguments. `line` is the file descriptor of the gateway's line (parts/gateway). */
  machine?(firmware: string, line?: number): string[];
  /** What that line carries. With `slip` the client always runs behind the gateway. */
  readonly network?: 'slip' | 'ethernet';
  /** It has a screen and keys, and so a browser. */
  readonly screen?: boolean;
}

export function findBoard(name: string): Promise<Board>;
/** All boards, in the order of their names. */
export function allBoards(): Promise<Board[]>;
export function missingTools(board: Board): string | undefined;
export function missingCompiler(board: Board): string | undefined;
/** Folders of boards, sorted. */
export function boardNames(): string[];
export function buildFirmware(
  board: Board,
  name: string,
  program: readonly string[],
  options?: { tuned?: boolean },
): string;
export function buildClient(board: Board, options?: { sanitize?: boolean; ram?: number }): Promise<string>;
