// The client on a board: fetches what its command line names, prints it, and exits with a status.
import { Client } from '../../host/client/client.js';
import type { Observer, Step } from '../../host/client/observer.js';
import { HANDHELD } from '../../host/delegation/device.js';
import { authority } from '../../host/delegation/origin.js';
import { encodeUtf8 } from '../../host/delegation/text.js';
import type { Native } from './native.js';
import { type BoardOptions, parseOptions, USAGE } from './options.js';
import { boardPlatform } from './platform.js';

const { board } = globalThis as unknown as { board: Native };

/** Milliseconds for the last bytes of closed connections to leave. */
const FAREWELL = 2500;

/** As many colours as JPEG has: each byte of a page costs a board hundreds of instructions, and palettes take more. */
const PROFILE = { ...HANDHELD, name: 'board', colourDepth: 16 };

const say = (text: string) => board.write(true, encodeUtf8(text));

/** Watches the exchange: says what a page lacks and, where asked to, what each step took. */
class Watcher implements Observer {
  /** Whether the proxy asked for an origin and was refused: the page is not whole. */
  refused = false;
  readonly #measures: boolean;
  #before = 0;

  constructor(measures: boolean) {
    this.#measures = measures;
  }

  onStep(step: Step): void {
    if (step.step !== 'frame') this.tell(step.step);
    if (step.step !== 'tunnel-denied') return;
    this.refused = true;
    const { host, port } = step.tunnel;
    say(
      `deputy: a part of the page is missing, from ${authority(host, port)}: ${step.reason} (TUNNEL_DENIED)\n`,
    );
  }

  /** Says how long the board did not sleep since the step before. */
  tell(what: string): void {
    if (!this.#measures) return;
    const now = board.busyNanoseconds();
    say(`measure ${what} ${now - this.#before}\n`);
    this.#before = board.busyNanoseconds();
  }
}

/** Prints the page. True where the origin answered with success. */
async function fetchPage(client: Client, url: string): Promise<boolean> {
  const response = await client.request(url);
  for await (const bytes of response.body) board.write(false, bytes);
  if (response.status < 400) return true;
  say(`deputy: ${response.url} answered ${response.status} ${response.statusText}\n`);
  return false;
}

async function run({ urls, client: options, resolve, repeat, measure }: BoardOptions): Promise<number> {
  const watcher = new Watcher(measure);
  const platform = boardPlatform(board, resolve);
  const client = new Client({ ...options, platform, profile: PROFILE, observer: watcher });
  let failed = false;
  try {
    const { memoryBytes } = await client.engine();
    watcher.tell('ready');
    for (let i = 0; i < repeat; i++)
      for (const url of urls) if (!(await fetchPage(client, url))) failed = true;
    const engine = await client.engine();
    if (measure) say(`measure total ${board.busyNanoseconds()}\n`);
    if (measure) say(`memory linear ${memoryBytes} ${engine.memoryBytes} heap ${board.heapPeak()}\n`);
  } finally {
    await client.close();
    await platform.quiet(FAREWELL);
  }
  return failed || watcher.refused ? 1 : 0;
}

async function main(): Promise<number> {
  try {
    return await run(parseOptions(board));
  } catch (error) {
    const { message, stack, code } = error as Error & { code?: string };
    // Messages of our own errors say what to do next; of any other the place matters.
    if (code !== undefined) say(`deputy: ${message} (${code})\n`);
    else say(`deputy: ${message}\n${stack}\n`);
    if (code === 'USAGE') say(USAGE);
    return code === 'USAGE' ? 2 : 1;
  }
}

void main().then((status) => board.exit(status));
