// The Platform of a board: the twin of host/platform/node.
import { DeputyError } from '../../host/delegation/error.js';
import { loadWasm3 } from '../../host/engine/wasm3.js';
import type { Platform } from '../../host/platform/platform.js';
import type { Native } from './native.js';
import { Sockets } from './sockets.js';
import { parseUrl } from './url.js';

/** The longest sleep between two turns. */
const LONGEST_WAIT = 60_000;
/** Of linear memory: 64 KiB each. */
const MAX_PAGES = 16;
/** Bytes of one stream, and of all, that may come before they are read. */
const READ_AHEAD = 16_384;
const STACK_BYTES = 32 * 1024;

interface Timer {
  due: number;
  callback: () => void;
}

export interface BoardPlatform extends Platform {
  /** Resolves when no socket is left, or after so many milliseconds. */
  quiet(milliseconds: number): Promise<void>;
}

/**
 * The platform on `native`. `resolve` gives addresses of names that the network's own name service does not know.
 * Its turns begin with the first one that the main loop asks for.
 */
export function boardPlatform(native: Native, resolve: ReadonlyMap<string, string>): BoardPlatform {
  const sockets = new Sockets(native);
  const timers = new Set<Timer>();
  const milliseconds = () => native.nanoseconds() / 1e6;

  /** When this board began, by what it was told; 0 before. */
  let started = 0;

  const setTimer = (delay: number, callback: () => void) => {
    const timer = { due: milliseconds() + delay, callback };
    timers.add(timer);
    return () => void timers.delete(timer);
  };

  native.onTurn(() => {
    const now = milliseconds();
    for (const timer of timers) {
      if (timer.due > now || !timers.delete(timer)) continue;
      timer.callback();
    }
    sockets.poll();
    if (sockets.size + timers.size === 0) return -1;
    let next = now + LONGEST_WAIT;
    for (const { due } of timers) next = Math.min(next, due);
    return Math.ceil(Math.max(0, next - milliseconds()));
  });

  return {
    connect: (host, port, signal) => sockets.connect(resolve.get(host) ?? host, port, signal),
    entropy(length) {
      const bytes = native.entropy(length);
      if (bytes !== undefined) return bytes;
      throw new DeputyError('NO_ENTROPY', 'this board has no entropy: start it with a seed');
    },
    now: () => native.unixTime() || (started > 0 ? started + milliseconds() : 0),
    ...(native.unixTime() === 0 && {
      setTime(now: number) {
        started = now - milliseconds();
      },
    }),
    setTimer,
    loadProgram: async () =>
      loadWasm3(native, native.program(), { stackBytes: STACK_BYTES, maxPages: MAX_PAGES }),
    parseUrl,
    readAhead: READ_AHEAD,
    heapPeak: () => native.heapPeak(),
    ...(native.storage && { storage: native.storage }),
    quiet: (patience) =>
      new Promise((done) => {
        const end = milliseconds() + patience;
        const look = () => {
          if (sockets.size === 0 || milliseconds() >= end) done();
          else setTimer(5, look);
        };
        look();
      }),
  };
}
