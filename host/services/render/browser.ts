// The browser: one process tree for all clients, a context of its own for each session, and no way to a network.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext } from 'playwright-core';
import { RenderError, type RenderLimits, within } from './limits.js';
import { treeSize } from './process_tree.js';

/**
 * No name resolves, numbers included, and what would connect all the same finds a proxy that is none: all that a page
 * gets is what its requests are answered with before they are made.
 */
const NO_NETWORK = [
  '--host-resolver-rules=MAP * ~NOTFOUND',
  '--proxy-server=http://0.0.0.0:1',
  '--proxy-bypass-list=<-loopback>',
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--dns-prefetch-disable',
  '--no-pings',
];
const PLAIN = [
  '--disable-gpu',
  '--no-first-run',
  '--renderer-process-limit=4',
  '--js-flags=--max-old-space-size=256',
];

/** What could reach out by other ways than requests, for pages and their frames. */
const WITHOUT_CHANNELS = `for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection', 'WebTransport', 'WebSocket',
  'EventSource', 'SharedWorker']) delete globalThis[name];`;

const LAUNCH_TIME = 20_000;
const CLOSE_TIME = 3000;
const LOOK = 500;
/** Milliseconds after which a browser that failed is started again, for the first time; twice that after each other. */
const PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

interface Running {
  browser: Browser;
  pid: number;
  /** Its home. */
  folder: string;
  contexts: Map<string, { context: Promise<BrowserContext>; pages: number }>;
}

export interface BrowserOptions {
  executable: string;
  limits: RenderLimits;
  /** Where the system has network namespaces for everybody: a second wall. True unless told. */
  namespace?: boolean;
  onEnd: (why: string) => void;
}

export class RenderBrowser {
  #running: Promise<Running> | undefined;
  #pause = PAUSE;
  #notBefore = 0;
  #closed = false;

  constructor(private readonly options: BrowserOptions) {}

  /** Runs `work` in a new page of that session's context. */
  async withContext<T>(session: string, work: (context: BrowserContext) => Promise<T>): Promise<T> {
    const running = await this.#run();
    const kept = this.#contextOf(running, session);
    kept.pages++;
    try {
      return await work(await kept.context);
    } finally {
      kept.pages--;
    }
  }

  async forget(session: string): Promise<void> {
    const running = await this.#running?.catch(() => undefined);
    const kept = running?.contexts.get(session);
    if (running === undefined || kept === undefined) return;
    running.contexts.delete(session);
    await closeContext(await kept.context);
  }

  /** Ends the browser at once, with all its pages. */
  async kill(why: string): Promise<void> {
    const running = await this.#running?.catch(() => undefined);
    if (running !== undefined) await this.#end(running, why);
  }

  /** Resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.kill('the proxy ends');
  }

  async #run(): Promise<Running> {
    if (this.#closed) throw new RenderError('the proxy ends');
    if (this.#running === undefined) {
      if (Date.now() < this.#notBefore) throw new RenderError('the browser has failed and rests');
      const starting = this.#start();
      this.#running = starting;
      starting.catch(() => {
        this.#rest();
        if (this.#running === starting) this.#running = undefined;
      });
    }
    return this.#running;
  }

  async #start(): Promise<Running> {
    const { chromium } = await import('playwright-core');
    const folder = await mkdtemp(join(tmpdir(), 'deputy-browser-'));
    try {
      const wrapper = join(folder, 'browser');
      const isolated = this.options.namespace !== false && (await namespaceCommand());
      await writeFile(wrapper, script(folder, this.options.executable, isolated || ''));
      await chmod(wrapper, 0o700);
      const browser = await chromium.launch({
        executablePath: wrapper,
        headless: true,
        // Chromium has no sandbox for root.
        chromiumSandbox: process.getuid?.() !== 0,
        args: [...NO_NETWORK, ...PLAIN],
        // Nothing of the proxy's own surroundings, which may hold secrets.
        env: { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: folder, TMPDIR: folder, LANG: 'C.UTF-8' },
        timeout: LAUNCH_TIME,
        handleSIGHUP: false,
        handleSIGINT: false,
        handleSIGTERM: false,
      });
      const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
      const running: Running = { browser, pid, folder, contexts: new Map() };
      browser.on('disconnected', () => void this.#end(running, 'the browser has ended'));
      this.#watch(running);
      return running;
    } catch (error) {
      await removed(folder);
      throw error;
    }
  }

  #contextOf(running: Running, session: string) {
    const { contexts, browser } = running;
    const there = contexts.get(session);
    if (there !== undefined) {
      // The last in the map is the last that was used.
      contexts.delete(session);
      contexts.set(session, there);
      return there;
    }
    if (contexts.size >= this.options.limits.contexts) {
      const idle = [...contexts].find(([, { pages }]) => pages === 0);
      if (idle === undefined) throw new RenderError('too many sessions render pages');
      contexts.delete(idle[0]);
      void idle[1].context.then(closeContext);
    }
    const made = { context: newContext(browser), pages: 0 };
    contexts.set(session, made);
    made.context.catch(() => contexts.delete(session));
    return made;
  }

  /** Ends a browser that takes too much. */
  #watch(running: Running): void {
    const { memory, processes } = this.options.limits;
    const timer = setInterval(async () => {
      if ((await this.#running?.catch(() => undefined)) !== running) return clearInterval(timer);
      const size = await treeSize(running.pid);
      if (size === undefined) return;
      if (size.memory > memory) void this.#end(running, `it holds more than ${memory >> 20} MiB`);
      else if (size.processes > processes) void this.#end(running, `it has more than ${processes} processes`);
    }, LOOK);
    timer.unref();
  }

  async #end(running: Running, why: string): Promise<void> {
    const current = await this.#running?.catch(() => undefined);
    if (current !== running) return;
    this.#running = undefined;
    if (!this.#closed) {
      this.#rest();
      this.options.onEnd(why);
    }
    end(running.pid);
    await within(running.browser.close(), CLOSE_TIME, 'the browser does not close').catch(() => {});
    await removed(running.folder);
  }

  #rest(): void {
    const now = Date.now();
    // One that ran for long has earned a quick start.
    if (now - this.#notBefore > 10 * LONGEST_PAUSE) this.#pause = PAUSE;
    this.#notBefore = now + this.#pause;
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }
}

async function newContext(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext({
    serviceWorkers: 'block',
    acceptDownloads: false,
    ignoreHTTPSErrors: false,
    permissions: [],
    viewport: { width: 1024, height: 768 },
  });
  await context.addInitScript(WITHOUT_CHANNELS);
  return context;
}

const closeContext = (context: BrowserContext): Promise<void> =>
  within(context.close(), CLOSE_TIME, 'the context does not close').catch(() => {});

/** Its last processes may still write there. */
const removed = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }).catch(() => {});

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** Tells its own number, which is the browser's: it becomes that. */
const script = (folder: string, executable: string, before: string) =>
  `#!/bin/sh\necho $$ > ${quoted(join(folder, 'pid'))}\nexec ${before} ${quoted(executable)} "$@"\n`;

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** What starts a program without any network; undefined where the system does not allow it. */
async function namespaceCommand(): Promise<string | undefined> {
  for (const command of ['unshare --net', 'unshare --user --map-current-user --net']) {
    const [program = '', ...args] = command.split(' ');
    const works = await promisify(execFile)(program, [...args, 'true']).then(
      () => true,
      () => false,
    );
    if (works) return command;
  }
  return undefined;
}
