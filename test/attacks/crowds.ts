// Crowds without credentials: one address takes all connections, or all of the proxy's time. Clients that are admitted
// go on, and new ones come in.
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { FrameType } from '../../host/delegation/frame.js';
import { MAIN_PROTOCOL } from '../../host/delegation/message.js';
import { readUntil, TestMainSession } from '../host/proxy/bench.js';
import { type Delegated, delegate } from '../host/proxy/delegated.js';
import type { Attack, Outcome } from './attack.js';
import { type AttackWorld, needsNginx, type ProxyProcess, TOKENS } from './world.js';

/** What one of the crowd does with its connection. */
type Act = (socket: Socket, proxy: ProxyProcess) => void;

const HALF_HELLO = Buffer.from('160301020001000 1fc0303'.replaceAll(' ', ''), 'hex');

const over = (socket: Socket, proxy: ProxyProcess, alpn: string) => {
  const secured = tlsConnect({ socket, servername: 'localhost', ca: proxy.ca, ALPNProtocols: [alpn] });
  return secured.on('error', () => {});
};

const acts: Record<string, { count: number; act: Act }> = {
  'say nothing': { count: 4200, act: () => {} },
  'say half a ClientHello': { count: 4200, act: (socket) => void socket.write(HALF_HELLO) },
  'shake hands for a main session and say nothing': {
    count: 700,
    act: (socket, proxy) => void over(socket, proxy, MAIN_PROTOCOL),
  },
  'shake hands and say half a CONNECT': {
    count: 700,
    act: (socket, proxy) => void over(socket, proxy, 'http/1.1').write('CONNECT origin.test:443 HT'),
  },
};

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Milliseconds until one of the crowd comes again. */
const AGAIN = 2000;
/** A crowd of no more than so many shakes hands, which costs this process as much as the proxy: each once. */
const ONCE = 1000;

class Crowd {
  readonly #sockets = new Set<Socket>();
  opened = 0;
  #over = false;

  constructor(
    private readonly proxy: ProxyProcess,
    private readonly count: number,
    private readonly act: Act,
  ) {}

  get held(): number {
    return this.#sockets.size;
  }

  /** All at once, and soon another for each that the proxy drops. */
  async gather(): Promise<void> {
    const { count } = this;
    for (let opened = 0; opened < count; opened += 200)
      await Promise.all(Array.from({ length: Math.min(200, count - opened) }, () => this.#open()));
  }

  #open(): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(this.proxy.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.once('connect', () => {
        this.opened++;
        this.#sockets.add(socket);
        socket.resume();
        this.act(socket, this.proxy);
        resolve();
      });
      socket.once('close', () => {
        this.#sockets.delete(socket);
        if (!this.#over && this.count > ONCE) setTimeout(() => void this.#open(), AGAIN);
        resolve();
      });
    });
  }

  leave(): void {
    this.#over = true;
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Whether a client of the proxy gets in, and in how many milliseconds. */
async function greet(proxy: ProxyProcess): Promise<number | undefined> {
  const started = performance.now();
  const late = pause(3000).then(() => Promise.reject(new Error('too late')));
  try {
    await Promise.race([
      late,
      (async () => {
        const main = await TestMainSession.open(proxy, { token: TOKENS.bob });
        await main.wait(FrameType.Welcome);
        main.socket.destroy();
      })(),
    ]);
    return performance.now() - started;
  } catch {
    return undefined;
  } finally {
    late.catch(() => {});
  }
}

/** One request in a session that stands. */
async function ask({ stream }: Delegated): Promise<number> {
  const started = performance.now();
  stream.write('GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await readUntil(stream, 'the page.');
  return performance.now() - started;
}

const residentOf = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;

async function standing(world: AttackWorld) {
  const origin = await world.nginx({ files: { '/page': { type: 'text/plain', body: 'the page.' } } });
  const proxy = await world.proxy(['--log-level', 'warn']);
  const session = await delegate(proxy, `localhost:${origin.port}`, 'open', {
    ca: world.ca,
    servername: 'localhost',
    token: TOKENS.alice,
  });
  return { proxy, session };
}

const TRIES = 8;

/** Judges new and standing clients while a crowd is there. */
async function judge(proxy: ProxyProcess, session: Delegated) {
  const greeted: (number | undefined)[] = [];
  const asked: number[] = [];
  for (let i = 0; i < TRIES; i++) {
    greeted.push(await greet(proxy));
    asked.push(await ask(session));
    await pause(100);
  }
  const inside = greeted.filter((time) => time !== undefined).length;
  return { inside, slowest: Math.round(Math.max(...asked)) };
}

const crowded = (doing: string, { count, act }: { count: number; act: Act }): Attack => ({
  name: `${count.toLocaleString('en')} connections of one address that ${doing}`,
  expected: `${TRIES} of ${TRIES} clients get in, one that stands goes on`,
  unable: needsNginx,
  async run(world): Promise<Outcome> {
    const { proxy, session } = await standing(world);
    const crowd = new Crowd(proxy, count, act);
    await crowd.gather();
    const { inside, slowest } = await judge(proxy, session);
    const { held } = crowd;
    crowd.leave();
    return {
      held: inside === TRIES && proxy.isAlive(),
      outcome: `${inside} of ${TRIES} got in; the slowest answer took ${slowest} ms; the crowd held ${held}`,
    };
  },
});

/** Resident MiB that may be left of a crowd, once its like has been there before. */
const LEFT = 24;

export const crowds: Attack[] = [
  ...Object.entries(acts).map(([doing, crowd]) => crowded(doing, crowd)),
  {
    name: 'a flood of handshakes at full rate',
    expected: 'clients that stand go on, new ones get in, and the memory comes back',
    unable: needsNginx,
    async run(world) {
      const { proxy, session } = await standing(world);
      let handshakes = 0;
      let isOver = false;
      const flood = async () => {
        while (!isOver) {
          const socket = tlsConnect({
            port: proxy.port,
            host: '127.0.0.1',
            servername: 'localhost',
            ca: proxy.ca,
          });
          await new Promise<void>((resolve) => {
            socket.on('error', () => resolve());
            socket.once('secureConnect', () => {
              handshakes++;
              resolve();
            });
            socket.once('close', () => resolve());
          });
          socket.destroy();
        }
      };
      const round = async () => {
        isOver = false;
        const floods = Array.from({ length: 64 }, flood);
        const judged = await judge(proxy, session);
        isOver = true;
        await Promise.all(floods);
        await pause(300);
        return judged;
      };
      const first = await round();
      const base = residentOf(proxy.pid);
      const second = await round();
      const left = Math.round(residentOf(proxy.pid) - base);
      const inside = first.inside + second.inside;
      const slowest = Math.max(first.slowest, second.slowest);
      return {
        held: inside >= 2 * TRIES - 1 && slowest < 3000 && left < LEFT,
        outcome:
          `${handshakes} handshakes; ${inside} of ${2 * TRIES} got in; the slowest answer took ${slowest} ms; ` +
          `${left} MiB more than after the first flood`,
      };
    },
  },
];
