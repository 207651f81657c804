export interface Board {
  readonly name: string;
  readonly title: string;
  readonly compiler: string;
  readonly cpu: readonly string[];
  /** C files of the board's folder. */
  readonly sources: readonly string[];
  readonly linkerScript: string;
  readonly emulator: string;
  machine(firmware: string): string[];
}

export function findBoard(name: string): Promise<Board>;
export function missingTools(board: Board): string | undefined;
export function buildFirmware(
  board: Board,
  name: string,
  program: readonly string[],
  options?: { tuned?: boolean },
): string;
