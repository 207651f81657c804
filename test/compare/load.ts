// One load for all: connections that ask one request after the other, each as soon as the last answer is complete.
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningProxy } from './proxies.js';
import type { Opener } from './sessions.js';

export interface Case {
  name: string;
  path: string;
  /** A connection of its own for each request. */
  fresh: boolean;
  rewriting: boolean;
  connections: number;
}

export interface Result {
  requests: number;
  requestsPerSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Microseconds of the proxy's processor for one request. */
  cpuPerRequest: number;
  /** 1 over that: what one core could do. */
  requestsPerCoreSecond: number;
  residentBytes: number;
}

/** `host`: with the port. Throws where an answer is not what `expected` says. */
export async function measure(
  { path, fresh, connections }: Case,
  host: string,
  opener: Opener,
  proxy: RunningProxy,
  expected: (body: Buffer) => boolean,
  { warmUp, seconds }: { warmUp: number; seconds: number },
): Promise<Result> {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\n\r\n`);
  let times: number[] = [];
  let isOver = false;
  let failure: unknown;
  const ask = async (stream: Duplex, began: number) => {
    const body = await exchange(stream, request);
    times.push(performance.now() - began);
    if (!expected(body)) throw new Error(`a wrong answer of ${body.length} bytes`);
  };
  const loop = async () => {
    let stream: Duplex | undefined;
    try {
      while (!isOver) {
        const began = performance.now();
        stream ??= await opener.open();
        await ask(stream, began);
        if (fresh) {
          stream.destroy();
          stream = undefined;
        }
      }
    } catch (error) {
      if (!isOver) failure ??= error;
      isOver = true;
    } finally {
      stream?.destroy();
    }
  };
  const loops = Array.from({ length: connections }, loop);
  await delay(warmUp * 1000);
  const before = await proxy.seconds();
  const began = performance.now();
  times = [];
  await delay(seconds * 1000);
  const elapsed = (performance.now() - began) / 1000;
  const requests = times.length;
  const used = (await proxy.seconds()) - before;
  const residentBytes = await proxy.resident();
  isOver = true;
  await Promise.all(loops);
  if (failure !== undefined) throw failure;
  const sorted = times.slice(0, requests).sort((a, b) => a - b);
  return {
    requests,
    requestsPerSecond: requests / elapsed,
    p50: sorted[Math.floor(requests * 0.5)]!,
    p99: sorted[Math.floor(requests * 0.99)]!,
    cpuPerRequest: (used / requests) * 1e6,
    requestsPerCoreSecond: requests / used,
    residentBytes,
  };
}

const END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');

/** The body of the next answer, as it is framed. */
function exchange(stream: Duplex, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let head: Buffer = Buffer.alloc(0);
    let length: number | 'chunked' | undefined;
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (settle: () => void) => {
      stream.off('data', onData).off('error', reject).off('close', onClose);
      settle();
    };
    const onClose = () =>
      finish(() => reject(new Error('the connection closed before the answer was complete')));
    const onData = (chunk: Buffer) => {
      let body = chunk;
      if (length === undefined) {
        head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
        const end = head.indexOf(END);
        if (end < 0) return;
        const text = head.toString('latin1', 0, end);
        if (!text.startsWith('HTTP/1.1 200')) return finish(() => reject(new Error(text)));
        const found = /\r\ncontent-length: (\d+)/i.exec(text);
        length = found === null ? 'chunked' : Number(found[1]);
        body = head.subarray(end + 4);
      }
      chunks.push(body);
      bytes += body.length;
      const isWhole =
        length === 'chunked' ? chunks.at(-1)!.subarray(-7).equals(LAST_CHUNK) : bytes === length;
      if (isWhole) finish(() => resolve(Buffer.concat(chunks)));
    };
    stream.on('data', onData).on('error', reject).on('close', onClose).resume();
    stream.write(request);
  });
}
