// Origins that send what is made to exhaust or confuse: a proxy process with its services meets each of them, answers
// in bounded time, never lets a cut pass for whole, stays small, and serves the next session as ever.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import zlib from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrameType } from '../../host/delegation/frame.js';
import { type Bench, TOKEN, testAuthority } from '../host/proxy/bench.js';
import { delegate } from '../host/proxy/delegated.js';
import { rawOrigins } from '../host/proxy/raw_origins.js';
import type { Command } from './command.js';
import { startProxyCommand } from './proxy_command.js';

const MEBIBYTE = 1 << 20;
/** What the process may hold beyond what it held before, at its highest. */
const MEMORY = 320 * MEBIBYTE;
/** A client that has seen so much of an answer, or for so many milliseconds, has seen enough. */
const ENOUGH = 4 * MEBIBYTE;
const LONG = 3000;

let folder: string;
let command: Command;
let bench: Bench;
let before: number;
const rawOrigin = rawOrigins();

/** Resident bytes: now, or the most so far. */
const resident = (field: 'VmRSS' | 'VmHWM') =>
  1024 *
  Number(
    new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${command.child.pid}/status`, 'latin1'))![1],
  );

beforeAll(async () => {
  const { authority } = await testAuthority();
  folder = await mkdtemp(join(tmpdir(), 'deputy-hostile-'));
  const args = [
    '--service',
    'transcode',
    '--service',
    'compress',
    '--cache',
    'memory',
    '--log-level',
    'warn',
  ];
  const started = await startProxyCommand({ authority, folder, tokens: { test: TOKEN }, args });
  command = started.command;
  bench = { port: started.port, ca: authority.root.pem } as Bench;
  await read(answer('text/html', Buffer.from('<p>warm')));
  await read(
    answer(
      'image/png',
      await sharp({ create: { width: 9, height: 9, channels: 3, background: '#fff' } })
        .png()
        .toBuffer(),
    ),
  );
  before = resident('VmRSS');
});
afterAll(async () => {
  await command?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Outcome {
  /** What came of the answer: to its end, or until it was enough. */
  answer: Buffer;
  /** The code with which the proxy told that the session failed. */
  error: string | undefined;
  /** It was still under way when the client had seen enough of it. */
  isEndless: boolean;
}

const GET = 'GET /page HTTP/1.1\r\nHost: o\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n';

/** What a client gets where the origin answers with `answer`, or with all that it yields as far as it is taken. */
async function read(answer: Buffer | (() => Generator<Buffer>), request = GET): Promise<Outcome> {
  const origin = await rawOrigin((socket) => {
    socket.once('data', () => void send(socket, answer));
  });
  const { stream, main, conduit } = await delegate(bench, origin.target);
  const failed = main.wait(FrameType.Error).then(
    ({ code }) => code,
    () => undefined,
  );
  stream.write(request);
  const seen: Buffer[] = [];
  let bytes = 0;
  let isEndless = false;
  let late: NodeJS.Timeout | undefined;
  const whole = await new Promise<boolean>((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      seen.push(chunk);
      bytes += chunk.length;
      if (bytes > ENOUGH) resolve(true);
    });
    stream.on('end', () => resolve(true)).on('close', () => resolve(false));
    late = setTimeout(() => {
      isEndless = true;
      resolve(true);
    }, LONG);
    stream.resume();
  });
  clearTimeout(late);
  const error = whole ? undefined : await failed;
  const told = main.messages.find(({ type }) => type === FrameType.Error) as { code: string } | undefined;
  conduit.destroy();
  main.socket.destroy();
  for (const socket of origin.connections) socket.destroy();
  return { answer: Buffer.concat(seen), error: told?.code ?? error, isEndless };
}

async function send(socket: TLSSocket, answer: Buffer | (() => Generator<Buffer>)): Promise<void> {
  if (Buffer.isBuffer(answer)) {
    socket.end(answer);
    return;
  }
  for (const chunk of answer()) {
    if (socket.destroyed) return;
    if (!socket.write(chunk))
      await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
  }
  socket.end();
}

const head = (type: string, more = '') =>
  Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n${more}Connection: close\r\n`);
const answer = (type: string, body: Buffer, more = '') =>
  Buffer.concat([head(type, more), Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
const page = (text: string) => answer('text/html; charset=utf-8', Buffer.from(text));
const coded = (coding: string, body: Buffer) => answer('text/html', body, `Content-Encoding: ${coding}\r\n`);
const endless = (start: Buffer, chunk: Buffer) =>
  function* () {
    yield start;
    for (;;) yield chunk;
  };

/** The whole answer, or one that its reader can't take for whole. */
function isHonest({ answer, error, isEndless }: Outcome): boolean {
  if (isEndless || answer.length > ENOUGH || error !== undefined) return true;
  const end = answer.indexOf('\r\n\r\n');
  const fields = answer.toString('latin1', 0, Math.max(0, end));
  const length = /\r\ncontent-length: (\d+)/i.exec(fields)?.[1];
  if (length !== undefined) return answer.length - end - 4 === Number(length);
  return /\r\ntransfer-encoding: chunked/i.test(fields) ? answer.subarray(-7).equals(LAST_CHUNK) : end > 0;
}
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');

async function survives(outcome: Outcome): Promise<void> {
  expect(isHonest(outcome), outcome.answer.toString('latin1', 0, 300)).toBe(true);
  expect(command.child.exitCode).toBe(null);
  const next = await read(page('<title>next</title><p>As ever'));
  expect(next.error).toBe(undefined);
  expect(zipped(next.answer)).toContain('<p>As ever');
  expect((resident('VmHWM') - before) / MEBIBYTE).toBeLessThan(MEMORY / MEBIBYTE);
}

/** The text of a chunked answer that the proxy has coded. */
function zipped(answer: Buffer): string {
  const start = answer.indexOf('\r\n\r\n') + 4;
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const line = answer.indexOf('\r\n', at);
    const length = Number.parseInt(answer.toString('latin1', at, line), 16);
    if (!(length > 0)) break;
    parts.push(answer.subarray(line + 2, line + 2 + length));
    at = line + 4 + length;
  }
  return zlib.gunzipSync(Buffer.concat(parts)).toString();
}

describe('pages', () => {
  test.each<[string, () => Buffer | (() => Generator<Buffer>)]>([
    ['nested half a million deep', () => page('<div>'.repeat(500_000))],
    ['of tables in tables', () => page('<table><tr><td>'.repeat(100_000))],
    ['with an attribute of ten megabytes', () => page(`<p title="${'x'.repeat(10_000_000)}">`)],
    [
      'with a hundred thousand attributes',
      () => page(`<p ${Array.from({ length: 100_000 }, (_, i) => `a${i}=1`).join(' ')}>x`),
    ],
    ['with a comment of eight megabytes', () => page(`<!--${'-'.repeat(8_000_000)}`)],
    ['of one word of eight megabytes', () => page('x'.repeat(8_000_000))],
    ['of a million entities', () => page('&CounterClockwiseContourIntegral;'.repeat(200_000))],
    ['of a hundred thousand unclosed elements', () => page('<b><i><a href=x><font><p>'.repeat(40_000))],
    ['of pictures without end', () => page('<img src="data:image/png;base64,AAAA">'.repeat(50_000))],
    [
      'without end',
      () =>
        endless(
          Buffer.concat([head('text/html'), Buffer.from('\r\n<p>')]),
          Buffer.from('<p class=x>word '.repeat(4000)),
        ),
    ],
    [
      'with a tag without end',
      () =>
        endless(Buffer.concat([head('text/html'), Buffer.from('\r\n<p title="')]), Buffer.alloc(65_536, 'x')),
    ],
  ])('%s', async (_, make) => survives(await read(make())));
});

describe('content codings', () => {
  const zeros = Buffer.alloc(64 * MEBIBYTE);
  const once = zlib.gzipSync(zeros, { level: 9 });
  test.each<[string, () => Buffer]>([
    ['gzip, a thousand to one', () => coded('gzip', once)],
    [
      'gzip in gzip',
      () => coded('gzip, gzip', zlib.gzipSync(zlib.gzipSync(Buffer.concat(Array(16).fill(once))))),
    ],
    [
      'brotli',
      () =>
        coded('br', zlib.brotliCompressSync(zeros, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } })),
    ],
    ['deflate', () => coded('deflate', zlib.deflateSync(zeros))],
    ['zstd, which is not undone here', () => coded('zstd', Buffer.from('28b52ffd', 'hex'))],
    ['twenty of them', () => coded(Array(20).fill('gzip').join(', '), once)],
    [
      'broken in the middle',
      () => coded('gzip', zlib.gzipSync(Buffer.from('<p>x'.repeat(50_000))).subarray(0, 100)),
    ],
    ['none of what it says', () => coded('br', Buffer.from('<p>no brotli'))],
  ])('%s', async (_, make) => survives(await read(make())));
});

describe('pictures stay as they are:', () => {
  const png = (width: number, height: number) => {
    const chunk = (type: string, data: Buffer) => {
      const body = Buffer.concat([Buffer.from(type), data]);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(data.length);
      const sum = Buffer.alloc(4);
      sum.writeUInt32BE(crc32(body));
      return Buffer.concat([length, body, sum]);
    };
    const size = Buffer.alloc(13);
    size.writeUInt32BE(width, 0);
    size.writeUInt32BE(height, 4);
    size.writeUInt8(8, 8);
    const pixels = zlib.deflateSync(Buffer.alloc(4 * MEBIBYTE));
    return Buffer.concat([
      Buffer.from('89504e470d0a1a0a', 'hex'),
      chunk('IHDR', size),
      chunk('IDAT', pixels),
      chunk('IEND', Buffer.alloc(0)),
    ]);
  };
  const frame = Buffer.from('2c000000000100010000020244010000', 'hex').subarray(0, 15);
  const gif = (frames: number) =>
    Buffer.concat([
      Buffer.from('474946383961ffffffff800000000000ffffff', 'hex'),
      ...Array<Buffer>(frames).fill(frame),
      Buffer.from([0x3b]),
    ]);
  const svg = (inside: string, prologue = '') =>
    Buffer.from(
      `<?xml version="1.0"?>${prologue}<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="99999" height="99999">${inside}</svg>`,
    );
  const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join(
    '',
  );

  test.each<[string, string, () => Buffer]>([
    ['fifty thousand pixels a side', 'image/png', () => png(50_000, 50_000)],
    ['two thousand million pixels a side', 'image/png', () => png(2_147_483_647, 2_147_483_647)],
    ['a frame larger than the world, thousands of times', 'image/gif', () => gif(5000)],
    [
      'a vector picture of entities in entities',
      'image/svg+xml',
      () => svg('<text>&l9;</text>', `<!DOCTYPE svg [<!ENTITY l0 "ha">${laughs}]>`),
    ],
    [
      'a vector picture that reads a file',
      'image/svg+xml',
      () => svg('<text>&f;</text>', '<!DOCTYPE svg [<!ENTITY f SYSTEM "file:///etc/passwd">]>'),
    ],
    [
      'a vector picture that fetches',
      'image/svg+xml',
      () => svg('<image xlink:href="http://127.0.0.1:9/x" width="9" height="9"/>'),
    ],
    ['a picture that ends early', 'image/png', () => png(100, 100).subarray(0, 60)],
    ['noise', 'image/jpeg', () => Buffer.alloc(100_000, 0xd8)],
  ])('%s', async (_, type, make) => {
    const source = make();
    const outcome = await read(answer(type, source));
    await survives(outcome);
    const body = outcome.answer.subarray(outcome.answer.indexOf('\r\n\r\n') + 4);
    expect(body.includes('root:')).toBe(false);
    // Of an animation, or of what a vector picture is without what it refers to, something can be made.
    if (!/svg|gif/.test(type)) expect(outcome.answer.includes(source)).toBe(true);
  });
});

describe('heads and framing', () => {
  const fields = (n: number) => Array.from({ length: n }, (_, i) => `X-${i}: y\r\n`).join('');
  const body = (lines: string, text = 'ok') => Buffer.from(`HTTP/1.1 200 OK\r\n${lines}\r\n${text}`);
  test.each<[string, () => Buffer | (() => Generator<Buffer>), string | undefined]>([
    // More than the device reads, so the proxy does not give it on either.
    ['ten thousand fields', () => body(`${fields(10_000)}Content-Length: 2\r\n`), 'BAD_RESPONSE'],
    [
      'a head of a megabyte',
      () => body(`X: ${'y'.repeat(1_000_000)}\r\nContent-Length: 2\r\n`),
      'BAD_RESPONSE',
    ],
    [
      'a head without end',
      () => endless(Buffer.from('HTTP/1.1 200 OK\r\n'), Buffer.alloc(65_536, 'X: y\r\n')),
      'BAD_RESPONSE',
    ],
    [
      'interim answers without end',
      () =>
        endless(Buffer.alloc(0), Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'.repeat(1000))),
      undefined,
    ],
    ['two lengths', () => body('Content-Length: 2\r\nContent-Length: 3\r\n'), 'BAD_RESPONSE'],
    ['a length below nothing', () => body('Content-Length: -2\r\n'), 'BAD_RESPONSE'],
    ['a length in a folded line', () => body('Content-Length:\r\n 2\r\n'), 'BAD_RESPONSE'],
    ['a coding in a folded line', () => body('Transfer-Encoding:\r\n chunked\r\n'), 'BAD_RESPONSE'],
    [
      'a bare line feed that hides a coding',
      () => body('X: y\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n'),
      'BAD_RESPONSE',
    ],
    [
      'a bare carriage return',
      () => body('X: y\rContent-Length: 9\r\nContent-Length: 2\r\n'),
      'BAD_RESPONSE',
    ],
    [
      'a chunk of more than there is',
      () => body('Transfer-Encoding: chunked\r\n', 'fffffffffffffffff\r\nx'),
      'BAD_RESPONSE',
    ],
    ['a chunk of less than nothing', () => body('Transfer-Encoding: chunked\r\n', '-1\r\nx'), 'BAD_RESPONSE'],
    [
      'a chunk line without end',
      () => endless(body('Transfer-Encoding: chunked\r\n', '1;'), Buffer.alloc(65_536, 'x')),
      'BAD_RESPONSE',
    ],
    [
      'trailers without end',
      () => endless(body('Transfer-Encoding: chunked\r\n', '0\r\n'), Buffer.from('X: y\r\n'.repeat(1000))),
      'BAD_RESPONSE',
    ],
    [
      'a second answer nobody asked for',
      () => body('Content-Length: 2\r\n', 'okHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsplit'),
      undefined,
    ],
    [
      'a version of its own',
      () => Buffer.from('HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\nok'),
      'BAD_RESPONSE',
    ],
  ])('%s', async (_, make, code) => {
    const outcome = await read(make());
    await survives(outcome);
    expect(outcome.error).toBe(code);
    expect(outcome.answer.includes('split')).toBe(false);
  });

  test('a request of ten thousand fields goes on, or is refused, and harms nobody', async () => {
    const request = `GET / HTTP/1.1\r\nHost: o\r\n${fields(5000)}\r\n`;
    const few = await read(body('Content-Length: 2\r\n'), request);
    expect(few.answer.toString('latin1')).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\bok\b/);
    const many = await read(
      body('Content-Length: 2\r\n'),
      `GET / HTTP/1.1\r\nHost: o\r\n${fields(10_000)}\r\n`,
    );
    expect(many.error).toBe('BAD_REQUEST');
  });
});

function crc32(bytes: Buffer): number {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
