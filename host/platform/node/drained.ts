// Waiting for room in a stream of Node.js, without leaving listeners behind.
import type { Writable } from 'node:stream';

/** Waits, after a write that gave false, until `out` takes more or never will. */
export function drained(out: Writable): Promise<void> {
  const events = ['drain', 'close', 'error'];
  return new Promise((resolve) => {
    const settle = () => {
      for (const event of events) out.off(event, settle);
      resolve();
    };
    if (out.destroyed) return resolve();
    for (const event of events) out.on(event, settle);
  });
}
