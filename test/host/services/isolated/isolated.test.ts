// A user's service in its own thread: whatever it does there, the proxy goes on, the content with it, and the log says so.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrameType } from '../../../../host/delegation/frame.js';
import { type IsolatedOptions, isolated } from '../../../../host/services/isolated/index.js';
import type { Service } from '../../../../host/services/service.js';
import { buildCommand } from '../../../interop/command.js';
import { type Bench, readAll, readUntil, startProxy } from '../../proxy/bench.js';
import { answering, type Delegated, delegate, type RawOrigin, rawOrigin } from '../../proxy/delegated.js';

const PAGE = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-Kept: yes\r\n\r\nhello world';
const GET = 'GET /page HTTP/1.1\r\nHost: origin.test\r\n\r\n';
const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

let folder: string;
const open: (Bench | RawOrigin)[] = [];
beforeAll(async () => {
  buildCommand();
  folder = await mkdtemp(join(tmpdir(), 'deputy-isolated-'));
});
afterAll(async () => {
  for (const each of open) await each.close();
  await rm(folder, { recursive: true });
});

let files = 0;
let log: string[] = [];
const write = (fields: object, message: string) => log.push(`${message} ${JSON.stringify(fields)}`);
const writer = { debug: write, info: write, warn: write, error: write };

async function load(text: string, limits: IsolatedOptions['limits'] = {}): Promise<Service> {
  const file = join(folder, `service${files++}.mjs`);
  await writeFile(file, text);
  const line = (message: string, fields: object = {}) => write(fields, message);
  return isolated(file, { log: { debug: line, info: line, warn: line }, limits });
}

interface Through extends Delegated {
  origin: RawOrigin;
  bench: Bench;
}

/** A session through a proxy with this service. */
async function through(text: string, limits: IsolatedOptions['limits'] = {}): Promise<Through> {
  log = [];
  const services = [await load(text, limits)];
  const bench = await startProxy({ services, log: writer, limits: { serviceTimeout: 20_000 } });
  const origin = await rawOrigin(answering(PAGE));
  open.push(bench, origin);
  return { ...(await delegate(bench, origin.target)), origin, bench };
}

describe('does all that a service can: it', () => {
  test('changes a request, a response and a body', async () => {
    const { stream, origin, main } = await through(`
      export default {
        name: 'all',
        request: ({ request }) => ({
          kind: 'change', target: '/other', headers: request.headers.append('X-Added', '1'), body: upper,
        }),
        response({ response, received, changedBy, origin, client, profile, sessionId }) {
          const { headers } = response;
          headers.set('X-Seen', [received.status, changedBy.length, origin.host, client, profile.screenWidth].join(' '));
          return {
            status: 203, reason: 'Changed', headers,
            body: async function* (body) {
              for await (const bytes of upper(body)) {
                headers.set('X-Late', 'yes');
                yield bytes;
              }
            },
          };
        },
      };
      async function* upper(body) {
        for await (const bytes of body) yield Buffer.from(Buffer.from(bytes).toString('latin1').toUpperCase());
      }`);
    stream.write('POST /page HTTP/1.1\r\nHost: o\r\nContent-Length: 4\r\n\r\nbody');
    expect(await readUntil(stream, '0\r\n\r\n')).toBe(
      'HTTP/1.1 203 Changed\r\nX-Kept: yes\r\nX-Seen: 200 0 127.0.0.1 token:test 320\r\nX-Late: yes\r\n' +
        `Transfer-Encoding: chunked\r\n\r\n${chunked('HELLO WORLD')}`,
    );
    expect(origin.received[0]!.toString()).toBe(
      `POST /other HTTP/1.1\r\nHost: o\r\nX-Added: 1\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('BODY')}`,
    );
    expect((await main.wait(FrameType.Receipt)).services).toEqual(['all']);
  });

  test('answers, settles, watches, remembers an exchange, and writes to the log', async () => {
    const { stream, bench, sessionId, conduit } = await through(`
      const seen = new WeakMap();
      let watched = '';
      export default {
        name: 'all',
        request({ request, exchange, log }) {
          seen.set(exchange, request.target);
          if (request.target === '/watched') {
            return { kind: 'answer', status: 200, headers: request.headers, body: Buffer.from(watched) };
          }
        },
        settle({ exchange, response, request }) {
          if (seen.get(exchange) !== '/settled' || response.status !== 200) return;
          return { kind: 'answer', status: 404, reason: 'No', headers: request.headers.delete('Host'), body: Buffer.from('settled') };
        },
        response({ exchange, log }) {
          log.info('noticed', { target: seen.get(exchange) });
          return { watch: { chunk: (bytes) => { watched += Buffer.from(bytes); }, end: (others) => { watched += '.' + others.length; } } };
        },
        sessionClosed() { globalThis.closed = true; },
      };`);
    stream.write(GET);
    expect(await readUntil(stream, 'world')).toBe(PAGE);
    stream.write('GET /settled HTTP/1.1\r\nHost: o\r\n\r\n');
    expect(await readUntil(stream, 'settled')).toBe('HTTP/1.1 404 No\r\nContent-Length: 7\r\n\r\nsettled');
    stream.write('GET /watched HTTP/1.1\r\nX: y\r\n\r\n');
    expect(await readUntil(stream, 'world.0')).toBe(
      'HTTP/1.1 200 \r\nX: y\r\nContent-Length: 13\r\n\r\nhello world.0',
    );
    expect(log).toContainEqual(expect.stringMatching(/^noticed .*"target":"\/page".*"service":"all"/));
    const closed = new Promise((resolve) => bench.proxy.events.on('closed', resolve));
    conduit.end();
    expect(await closed).toMatchObject({ sessionId });
  });

  test('asks other origins, and judges addresses', async () => {
    const { stream } = await through(`
      export default {
        name: 'all',
        admits: (url) => !url.includes('refused'),
        async response({ fetchOther }) {
          const why = await fetchOther('https://refused.test/').catch((error) => error.code);
          return { status: 200, reason: why };
        },
      };`);
    stream.write(GET);
    expect(await readUntil(stream, 'world')).toContain('HTTP/1.1 200 ADDRESS_REFUSED\r\n');
  });
});

describe('costs nobody else anything: a service that', () => {
  const quick = { blockTime: 500, memory: 48 << 20 };
  const loop = 'for (;;);';
  const hoard = "const kept = []; for (;;) kept.push({ text: 'x'.repeat(100) + kept.length });";
  const buffers = 'const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1));';
  const slowly =
    'const kept = []; for (;;) { kept.push(Buffer.alloc(1 << 20, 1)); await new Promise((go) => setTimeout(go, 2)); }';

  test.each([
    ['loops in a request', `request() { ${loop} }`, /blocked its thread/],
    ['loops in a response', `response() { ${loop} }`, /blocked its thread/],
    ['loops in settle', `settle() { ${loop} }`, /blocked its thread/],
    ['loops over promises', 'async response() { for (;;) await null; }', /blocked its thread/],
    ['loops before its first chunk', `response: () => ({ async *body() { ${loop} } })`, /blocked its thread/],
    ['hoards objects', `response() { ${hoard} }`, /memory|blocked/],
    ['hoards buffers at once', `response() { ${buffers} }`, /memory|blocked/],
    ['hoards buffers slowly', `async response() { ${slowly} }`, /buffers held more than 48 MiB/],
    [
      'throws out of nowhere',
      'response: () => new Promise(() => setTimeout(() => { throw new Error("bang"); }))',
      /bang/,
    ],
    ['ends its process', 'response() { process.exit(0); }', /ended its own thread/],
  ])('%s', async (_, hook, why) => {
    const session = await through(`export default { name: 'bad', ${hook} };`, quick);
    const { stream, main, bench, origin } = session;
    // Another session's answer, which is asked for in the middle of it.
    const other = await delegate(bench, origin.target);
    stream.write(GET);
    other.stream.write(GET);
    expect(await readUntil(stream, 'world')).toBe(PAGE);
    expect(await readUntil(other.stream, 'world')).toBe(PAGE);
    expect((await main.wait(FrameType.Receipt)).services).toEqual([]);
    const cut = log.filter((line) => line.startsWith('service cut off, content goes on without it'));
    expect(cut[0]).toMatch(why);
    expect(cut[0]).toContain('"service":"bad"');
    expect(log.join('\n')).toContain('the thread of a service ended, and is started again');
  });

  test('loops in the middle of a body cuts that answer short, and is there again for the next', async () => {
    const { stream, main, bench, origin } = await through(
      `export default { name: 'bad', response: ({ request }) => ({
        body: async function* (body) {
          for await (const bytes of body) yield bytes;
          // By then what it has made is on its way.
          await new Promise((go) => setTimeout(go, 100));
          if (request.headers.has('X-Loop')) ${loop}
        },
      }) };`,
      quick,
    );
    stream.write('GET / HTTP/1.1\r\nX-Loop: 1\r\n\r\n');
    const seen = readAll(stream).catch(() => Buffer.alloc(0));
    expect((await main.wait(FrameType.Error)).code).toBe('SERVICE_FAILED');
    expect((await seen).toString()).not.toContain('0\r\n\r\n');
    expect(log.join('\n')).toMatch(/service cut off in the middle of a body.*blocked its thread/);
    // Until its thread is back the content goes on without it.
    for (let tries = 0; ; tries++) {
      const { stream, main } = await delegate(bench, origin.target);
      stream.write(GET);
      expect(await readUntil(stream, 'hello world')).toContain('hello world');
      if ((await main.wait(FrameType.Receipt)).services.length > 0) break;
      expect(tries).toBeLessThan(50);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  test('never ends to load is no service', async () => {
    await expect(load('for (;;);', { loadTime: 300 })).rejects.toThrow('did not load within 300 ms');
  });
});
