// What the client's command line asks for, done and ended with a status.
import { Client } from '../../host/client/client.js';
import type { Observer, Step } from '../../host/client/observer.js';
import type { DeviceProfile } from '../../host/delegation/device.js';
import { authority } from '../../host/delegation/origin.js';
import { encodeUtf8 } from '../../host/delegation/text.js';
import type { Native } from './native.js';
import { type BoardOptions, parseOptions, USAGE } from './options.js';
import { type BoardPlatform, boardPlatform } from './platform.js';
import { stepLine } from './steps.js';

/** Milliseconds for the last bytes of closed connections to leave. */
const FAREWELL = 2500;

/** Says something about the work, on the console. */
export const say = (board: Pick<Native, 'write'>, text: string) => board.write(true, encodeUtf8(text));

/** Says why something failed. */
export function complain(board: Pick<Native, 'write'>, error: unknown): void {
  const { message, stack, code } = error as Error & { code?: string };
  // Messages of our own errors say what to do next; of any other the place matters.
  say(board, code !== undefined ? `deputy: ${message} (${code})\n` : `deputy: ${message}\n${stack}\n`);
}

/** Watches the exchange: says what a page lacks and, where asked to, what each step took. */
export class Watcher implements Observer {
  /** Whether the proxy asked for an origin and was refused: the page is not whole. */
  refused = false;
  readonly #board: Native;
  readonly #measures: boolean;
  readonly #steps: boolean;
  #before = 0;

  constructor(board: Native, { measure, steps }: Pick<BoardOptions, 'measure' | 'steps'>) {
    this.#board = board;
    this.#measures = measure;
    this.#steps = steps;
  }

  onStep(step: Step): void {
    if (step.step === 'frame') return;
    this.tell(step.step);
    if (this.#steps) say(this.#board, stepLine(step));
    if (step.step !== 'tunnel-denied') return;
    this.refused = true;
    const { host, port } = step.tunnel;
    say(
      this.#board,
      `deputy: a part of the page is missing, from ${authority(host, port)}: ${step.reason} (TUNNEL_DENIED)\n`,
    );
  }

  /** Says how long the board did not sleep since the step before. */
  tell(what: string): void {
    if (!this.#measures) return;
    const now = this.#board.busyNanoseconds();
    say(this.#board, `measure ${what} ${now - this.#before}\n`);
    this.#before = this.#board.busyNanoseconds();
  }
}

export interface Tools {
  client: Client;
  watcher: Watcher;
  platform: BoardPlatform;
}

/** Runs `work` with a client, and closes that. `work` gives whether all went well. */
export async function withClient(
  board: Native,
  { client: options, resolve, measure, steps }: BoardOptions,
  { profile, onStep }: { profile: DeviceProfile; onStep?: (step: Step) => void },
  work: (tools: Tools) => Promise<boolean>,
): Promise<number> {
  const watcher = new Watcher(board, { measure, steps });
  const platform = boardPlatform(board, resolve);
  const observer: Observer = {
    onStep(step) {
      watcher.onStep(step);
      onStep?.(step);
    },
  };
  const { management } = options;
  const client = new Client({
    ...options,
    platform,
    profile,
    observer,
    ...(management && {
      management: { ...management, onNotice: (text: string) => say(board, `deputy: notice: ${text}\n`) },
    }),
  });
  let isWell = false;
  try {
    const { memoryBytes } = await client.engine();
    watcher.tell('ready');
    isWell = await work({ client, watcher, platform });
    const engine = await client.engine();
    if (steps) say(board, stepLine({ step: 'engine', cryptoBytes: engine.cryptoBytes }));
    if (measure) say(board, `measure total ${board.busyNanoseconds()}\n`);
    if (measure) say(board, `memory linear ${memoryBytes} ${engine.memoryBytes} heap ${board.heapPeak()}\n`);
  } finally {
    await client.close();
    await platform.quiet(FAREWELL);
  }
  return isWell && !watcher.refused ? 0 : 1;
}

/** Does what the command line asks for and exits with a status. */
export async function run(board: Native, work: (options: BoardOptions) => Promise<number>): Promise<void> {
  try {
    if (board.arguments.includes('--help')) {
      board.write(false, encodeUtf8(USAGE));
      return board.exit(0);
    }
    board.exit(await work(parseOptions(board)));
  } catch (error) {
    complain(board, error);
    const isUsage = (error as { code?: string }).code === 'USAGE';
    if (isUsage) say(board, USAGE);
    board.exit(isUsage ? 2 : 1);
  }
}
