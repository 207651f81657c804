// Builds and runs the client's firmware for the tests.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingTranslator } from '../../../boards/aot/translate.js';
import { type Board, type Engine, findBoard, missingTools } from '../../../boards/parts/boards.js';
import { buildClient } from '../../../boards/parts/firmware.js';
import { ended, type StartOptions, startClient } from '../../../boards/parts/run.js';
import { TOKEN } from '../../host/client/world.js';

/** Longer than any patience of the client: whatever still runs then hangs. */
const HANG = 100_000;

export interface Run {
  status: number;
  /** What it printed, byte for byte. */
  page: Buffer;
  /** What it said about its work. */
  said: string;
}

export interface Firmware {
  board: Board;
  engine: Engine;
  file: string;
  run(args: readonly string[], options?: StartOptions): Promise<Run>;
}

/** The client for a board, or why this machine can't build or run it. */
export async function firmware(
  name: string,
  options: Parameters<typeof buildClient>[1] = {},
): Promise<{ firmware?: Firmware; reason?: string }> {
  const board = await findBoard(name);
  const absent = missingTools(board) ?? (options.engine === 'aot' ? missingTranslator() : undefined);
  if (absent) return { reason: `${absent}, or npx tsx test/setup/packages.ts --boards` };
  try {
    const file = await buildClient(board, options);
    const { engine = 'wasm3' } = options;
    return { firmware: { board, engine, file, run: (args, start) => run(board, file, args, start) } };
  } catch (error) {
    const { message } = error as Error;
    // Without the sources of a part there is nothing to test; any other error is what the tests are for.
    if (!/; or let \w+ name a checkout of /.test(message)) throw error;
    return { reason: message };
  }
}

async function run(
  board: Board,
  file: string,
  args: readonly string[],
  options?: StartOptions,
): Promise<Run> {
  const child = startClient(board, file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const page: Buffer[] = [];
  let said = '';
  child.stdout!.on('data', (bytes) => page.push(bytes));
  child.stderr!.on('data', (bytes) => {
    said += bytes;
  });
  let hangs = false;
  const watch = setTimeout(() => {
    hangs = true;
    child.kill('SIGKILL');
  }, HANG);
  const status = await ended(child);
  clearTimeout(watch);
  if (hangs) throw new Error(`the board hangs after:\n${Buffer.concat(page)}\n${said}`);
  return { status, page: Buffer.concat(page), said };
}

/** Files that the client is told of, in a folder of their own. */
export class Papers {
  readonly #folder = mkdtempSync(join(tmpdir(), 'deputy-board-test-'));

  /** Where a file of this name is or goes. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  write(name: string, content: string | Uint8Array): string {
    const file = this.path(name);
    writeFileSync(file, content);
    return file;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Arguments that lead through a proxy of the tests. */
export const through = (proxy: { port: number }, proxyRoots: string, roots: string): string[] => [
  ...['--proxy', `localhost:${proxy.port}`, '--proxy-ca', proxyRoots, '--ca', roots, '--token', TOKEN],
];
