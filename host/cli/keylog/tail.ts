// Follows a file that another program appends to.
import { type FileHandle, open, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const CHUNK = 65_536;

/**
 * What is appended to `path` from now on (from its start where `fromStart`, or where it does not exist yet). A file
 * that shrinks or is replaced is read from its start. What it gives is good until more is asked for. Ends when `signal` has aborted and the file is read to its end.
 */
export async function* tail(
  path: string,
  {
    signal,
    fromStart = false,
    interval = 25,
  }: { signal: AbortSignal; fromStart?: boolean; interval?: number },
): AsyncGenerator<Uint8Array, void, void> {
  let position = fromStart ? 0 : ((await sizeOf(path)) ?? 0);
  let file: { handle: FileHandle; inode: number } | undefined;
  const buffer = Buffer.alloc(CHUNK);
  try {
    for (;;) {
      const isLast = signal.aborted;
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined && (file === undefined || file.inode !== found.ino || found.size < position)) {
        if (file !== undefined) position = 0;
        await file?.handle.close();
        file = { handle: await open(path, 'r'), inode: found.ino };
      }
      const { bytesRead } = (await file?.handle.read(buffer, 0, CHUNK, position)) ?? { bytesRead: 0 };
      if (bytesRead > 0) {
        position += bytesRead;
        // Their reader wipes them: they are a part of the buffer.
        yield buffer.subarray(0, bytesRead);
      } else if (isLast) {
        return;
      } else {
        await delay(interval, undefined, { signal }).catch(() => {});
      }
    }
  } finally {
    buffer.fill(0);
    await file?.handle.close();
  }
}

const sizeOf = async (path: string) => (await stat(path).catch(() => undefined))?.size;
