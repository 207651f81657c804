// What a client's frames cost it. A frame of thirty bytes is as much work as one of thousands, so that bytes alone would
// let one client keep the proxy busy for all.
import { type AnyFrame, isStreamFrame } from '../../delegation/frame.js';
import type { Bucket } from '../../services/token_bucket.js';

/** Control frames a second of one client, on all of its main sessions together, and as many at once. */
export const FRAMES_PER_SECOND = 2000;

/** Stream frames that cost as much as one control frame: they are cheap, and a short one as dear as a long one. */
const STREAM_FRAMES = 8;
/** Content that makes a stream frame worth its work: it is bounded by the client's bytes a second alone. */
const WORTHWHILE = 512;

/** In control frames. */
export function costOf(frames: readonly AnyFrame[]): number {
  let cost = 0;
  for (const frame of frames) {
    if (!isStreamFrame(frame)) cost++;
    else if (frame.body.length < WORTHWHILE) cost += 1 / STREAM_FRAMES;
  }
  return cost;
}

/** Bytes that count against the client's bytes a second: those of streams are counted where they are read. */
export const controlBytes = (frames: readonly AnyFrame[]): number =>
  frames.reduce((sum, frame) => sum + (isStreamFrame(frame) ? 0 : frame.body.length), 0);

/** Resolves when the client may be heard again. */
export async function spend(
  { cost, bytes }: { cost: number; bytes: number },
  frameRate: Bucket | undefined,
  byteRate: Bucket | undefined,
): Promise<void> {
  await Promise.all([cost > 0 && frameRate?.spend(cost), bytes > 0 && byteRate?.spend(bytes)]);
}
