// The demo's handheld as firmware on an emulated board: its console tells the steps and prints the page.
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DeputyError } from '../../delegation/error.js';
import type { DemoDevice, DemoSetting } from './device.js';

interface Board {
  name: string;
  title: string;
  clientSources?: readonly string[];
}

// What this takes of boards/parts, which is no part of the host layer and is loaded where it is wanted.
interface Parts {
  findBoard(name: string): Promise<Board>;
  missingTools(board: Board): string | undefined;
  buildClient(board: Board): Promise<string>;
  startClient(
    board: Board,
    firmware: string,
    args: readonly string[],
    options: { stdio: ['ignore', 'pipe', 'pipe'] },
  ): ChildProcess;
  ended(child: ChildProcess): Promise<number>;
}

async function loadParts(): Promise<Parts> {
  const folder = ['../../../boards/parts/', '../../../../boards/parts/']
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(new URL('firmware.ts', url)));
  if (folder === undefined)
    throw new DeputyError(
      'BOARD_UNAVAILABLE',
      'a board needs a checkout of the project: the sources of its firmware are not in the package',
    );
  // A checkout has what reads TypeScript; the package has neither.
  const { tsImport } = await import('tsx/esm/api');
  const load = (file: string) => tsImport(new URL(file, folder).href, import.meta.url);
  return { ...(await load('boards.ts')), ...(await load('firmware.ts')), ...(await load('run.ts')) } as Parts;
}

/** The client's firmware on this board, built where needed. Throws BOARD_UNAVAILABLE with what is missing. */
export async function boardDevice(name: string): Promise<DemoDevice> {
  const parts = await loadParts();
  const board = await parts.findBoard(name).catch(unavailable);
  if (!board.clientSources)
    throw new DeputyError('BOARD_UNAVAILABLE', `${board.title} does not run the client`);
  const absent = parts.missingTools(board);
  if (absent) throw new DeputyError('BOARD_UNAVAILABLE', absent);
  const firmware = await parts.buildClient(board).catch(unavailable);
  return async (url, setting) => {
    const folder = await mkdtemp(join(tmpdir(), 'deputy-demo-'));
    try {
      const roots = join(folder, 'roots.pem');
      await writeFile(roots, setting.roots);
      const child = parts.startClient(board, firmware, clientArguments(url, setting, roots), {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      return { ...(await follow(child, parts.ended(child), setting)), engine: `wasm3 on ${board.title}` };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

const unavailable = (error: Error): never => {
  throw new DeputyError('BOARD_UNAVAILABLE', error.message);
};

// A board reaches this machine's loopback as localhost.
const clientArguments = (url: string, { proxy, admitted, profile }: DemoSetting, roots: string): string[] => [
  ...['get', url, '--proxy', `localhost:${proxy.port}`, '--proxy-name', proxy.serverName],
  ...['--token', proxy.token, '--proxy-ca', roots, '--ca', roots, '--steps'],
  ...admitted.flatMap((host) => ['--allow-tunnel', host]),
  ...(profile.styles ? ['--styles'] : []),
];

async function follow(child: ChildProcess, ended: Promise<number>, { observer }: DemoSetting) {
  const page: Buffer[] = [];
  let cryptoBytes = 0;
  child.stdout!.on('data', (bytes: Buffer) => page.push(bytes));
  const said = createInterface(child.stderr!);
  said.on('line', (line) => {
    if (!line.startsWith('step ')) process.stderr.write(`${line}\n`);
    else {
      const step = JSON.parse(line.slice(5), revived);
      if (step.step === 'engine') cryptoBytes = step.cryptoBytes;
      else observer.onStep?.(step);
    }
  });
  const status = await ended;
  return { ok: status === 0, page: `${Buffer.concat(page)}`, cryptoBytes };
}

const revived = (name: string, value: unknown): unknown =>
  name === 'certificateHash' ? Buffer.from(value as string, 'hex') : value;
