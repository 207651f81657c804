// Session tickets in a file of their own.
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { TICKETS_LIMIT, type TicketStorage } from '../platform.js';

/**
 * Keeps a client's tickets in `path`, readable by its owner alone, which is all that protects them. A file that others may read is
 * not believed. Each client has one of its own: of two at once the last one's tickets stay.
 */
export function ticketFile(path: string): TicketStorage {
  return {
    async load() {
      const { mode, size } = await stat(path);
      const isOthers = process.platform !== 'win32' && (mode & 0o077) !== 0;
      return isOthers || size > TICKETS_LIMIT ? undefined : readFile(path);
    },
    async save(bytes) {
      const unfinished = `${path}.${process.pid}`;
      try {
        await writeFile(unfinished, bytes, { mode: 0o600, flag: 'wx' });
        await rename(unfinished, path);
      } finally {
        await rm(unfinished, { force: true });
      }
    },
  };
}
