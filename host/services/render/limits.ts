// What a rendered page may take. A browser runs whatever a page brings.

export interface RenderLimits {
  /** Milliseconds for one page, from its start to its text. */
  time: number;
  /** Requests of one page, and bytes of their answers, both ways. */
  requests: number;
  bytes: number;
  /** Characters of what comes out. */
  text: number;
  /** Bytes that the browser with all its processes may hold in memory, and how many processes these are. */
  memory: number;
  processes: number;
  /** Pages that are rendered at once, and those that may wait. */
  pages: number;
  waiting: number;
  /** Sessions that may have a context of their own at once: one that is idle for longest gives its place. */
  contexts: number;
}

export const RENDER_LIMITS: RenderLimits = {
  time: 20_000,
  requests: 200,
  bytes: 16 << 20,
  text: 4 << 20,
  memory: 1 << 30,
  processes: 40,
  pages: 2,
  waiting: 8,
  contexts: 16,
};

export class RenderError extends Error {
  readonly code = 'RENDER_FAILED';
}

/** `promise`, or a rejection with `why` after `milliseconds`. */
export async function within<T>(promise: Promise<T>, milliseconds: number, why: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RenderError(why)), Math.max(milliseconds, 0));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
