// biome-ignore-all lint/correctness/useYield: services that fail before they yield are what is tested
// Services that break the rules of their interface: each hook, cut off, with a line in the log.
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { FrameType } from '../../../../host/delegation/frame.js';
import { closeServices } from '../../../../host/proxy/exchange/service_ends.js';
import { SILENT } from '../../../../host/proxy/log.js';
import { type Answer, type Body, HeaderList, type Service } from '../../../../host/services/service.js';
import { type Bench, ended, readAll, readUntil, startProxy } from '../bench.js';
import { answering, type Delegated, delegate, type RawOrigin, rawOrigin } from '../delegated.js';

const open: (Bench | RawOrigin)[] = [];
afterAll(async () => {
  for (const each of open) await each.close();
});
let log: string[] = [];
beforeEach(() => {
  log = [];
});

const PAGE = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world';
const GET = 'GET /page HTTP/1.1\r\nHost: origin.test\r\n\r\n';
const never = () => new Promise<never>(() => {});
const fail = () => {
  throw new Error('no');
};

async function through(service: Partial<Service>): Promise<Delegated & { bench: Bench }> {
  const write = (fields: object, message: string) => log.push(`${message} ${JSON.stringify(fields)}`);
  const bench = await startProxy({
    services: [{ name: 'bad', ...service }],
    limits: { serviceTimeout: 200, serviceMadeBytes: 100_000 },
    log: { debug: write, info: write, warn: write, error: write },
  });
  const origin = await rawOrigin(answering(PAGE));
  open.push(bench, origin);
  return { ...(await delegate(bench, origin.target)), bench };
}

const wrong = <T>(value: unknown) => value as T;
const answer = (more: object): Answer =>
  wrong({ kind: 'answer', status: 200, headers: new HeaderList(), body: Buffer.from('made'), ...more });
const made = (body: (from: Body) => AsyncIterable<unknown>): Partial<Service> => ({
  response: ({ response }) => ({
    headers: response.headers.set('X-Changed', 'yes'),
    body: wrong<(from: Body) => Body>(body),
  }),
});

describe('is cut off, and the content goes on as it was: a service', () => {
  const cases: [string, Partial<Service>][] = [
    ['whose settle throws', { settle: fail }],
    ['whose settle hangs', { settle: never }],
    ['that answers with a text for a body', { request: () => answer({ body: 'text' }) }],
    ['that settles with headers that are none', { settle: () => answer({ headers: { a: 'b' } }) }],
    ['that answers with a status that is none', { request: () => answer({ status: 700 }) }],
    [
      'that changes a body and gives headers that are none',
      {
        response: () => ({
          headers: wrong({ a: 'b' }),
          body: async function* () {
            yield Buffer.from('half a change');
          },
        }),
      },
    ],
    [
      'that splits the head by a header',
      { response: () => ({ headers: wrong([['X', 'a\r\nSet-Cookie: b=c']]) }) },
    ],
    ['that splits the request by a header', { request: () => wrong({ headers: [['X', 'a\r\n\r\nGET /']] }) }],
    ['that says that a body is none', { response: () => ({ status: 204 }) }],
    ['whose body is no function', { response: () => ({ body: wrong(7) }) }],
    ['whose body is no iterable', made(() => wrong(7))],
    [
      'that makes text of bytes',
      made(async function* () {
        yield 'text';
      }),
    ],
    [
      'that makes nothing, for ever',
      made(async function* () {
        for (;;) yield new Uint8Array(0);
      }),
    ],
    [
      'that makes too much at once',
      made(async function* () {
        yield new Uint8Array(1_000_000);
      }),
    ],
    ['whose watcher throws', { response: () => ({ watch: { chunk: fail, end: fail } }) }],
    ['whose watcher throws at the end', { response: () => ({ watch: { chunk() {}, end: fail } }) }],
  ];
  test.each(cases)('%s', async (_, service) => {
    const { stream, main } = await through(service);
    for (let round = 1; round <= 2; round++) {
      stream.write(GET);
      expect(await readUntil(stream, 'world')).toBe(PAGE);
      const receipt = await main.wait(FrameType.Receipt, ({ response }) => response === round);
      expect(receipt.services).toEqual([]);
    }
    const cut = log.filter((line) => line.startsWith('service cut off, content goes on without it'));
    expect(cut).toHaveLength(2);
    for (const line of cut) expect(line).toMatch(/"service":"bad".*"why":"[^"]+"/);
  });
});

describe('cuts an answer short, visibly, and the log names it: a service', () => {
  const cases: [string, (body: Body) => AsyncGenerator<Uint8Array>, RegExp][] = [
    [
      'that hangs in the middle',
      async function* () {
        yield Buffer.from('first');
        await never();
      },
      /no progress for 200 ms/,
    ],
    [
      'that throws in the middle',
      async function* () {
        yield Buffer.from('first');
        fail();
      },
      /Error: no/,
    ],
    [
      'whose body grows without end',
      async function* () {
        for (;;) yield new Uint8Array(1000);
      },
      /it made 101000 bytes of 0/,
    ],
    [
      'whose body grows beyond what it reads',
      async function* (from) {
        for await (const chunk of from) for (;;) yield chunk;
      },
      /it made \d+ bytes of 11/,
    ],
  ];
  test.each(cases)('%s', async (_, body, why) => {
    const { stream, main, sessionId } = await through(made(body));
    stream.write(GET);
    const seen = readAll(stream).catch(() => Buffer.alloc(0));
    expect(await main.wait(FrameType.Error)).toMatchObject({ sessionId, code: 'SERVICE_FAILED' });
    expect((await seen).toString('latin1')).not.toContain('0\r\n\r\n');
    const line = log.find((text) => text.startsWith('service cut off in the middle of a body'));
    expect(line).toMatch(/"service":"bad"/);
    expect(line).toMatch(why);
  });

  test('of a request: the origin gets no end of it', async () => {
    const body = async function* (from: Body) {
      for await (const chunk of from) {
        yield chunk;
        fail();
      }
    };
    const { stream, main } = await through({ request: () => ({ kind: 'change', body }) });
    stream.write('POST /page HTTP/1.1\r\nHost: o\r\nContent-Length: 4\r\n\r\nbody');
    expect((await main.wait(FrameType.Error)).code).toBe('SERVICE_FAILED');
    expect(log.join('\n')).toContain('service cut off in the middle of a body');
  });
});

describe('beside the content', () => {
  test.each([
    ['throws', fail],
    ['hangs', never],
  ])('a service that %s when it judges an address does not admit or refuse it', async (_, admits) => {
    const { stream, bench } = await through({
      admits: wrong<NonNullable<Service['admits']>>(admits),
      response: async ({ fetchOther }) => {
        await fetchOther('https://127.0.0.1:1/').catch(() => {});
        return undefined;
      },
    });
    const asked = new Promise((resolve) => bench.proxy.events.on('otherOrigin', resolve));
    stream.write(GET);
    expect(await asked).toMatchObject({ host: '127.0.0.1' });
    expect(log.join('\n')).toContain('service cut off, an address is admitted without it');
  });

  test.each([
    ['throws', fail],
    ['rejects', async () => fail()],
    ['hangs', never],
  ])('a service that %s when a session closes keeps nobody from closing it', async (_, sessionClosed) => {
    const { conduit, bench } = await through({ sessionClosed });
    const closed = new Promise((resolve) => bench.proxy.events.on('closed', resolve));
    conduit.end();
    await Promise.all([closed, ended(conduit)]);
    expect(bench.proxy.sessionCount).toBe(0);
  });

  test('a service that hangs when the proxy closes holds it up for a time only', async () => {
    const others: string[] = [];
    const services: Service[] = [
      { name: 'bad', close: never },
      { name: 'worse', close: fail },
      { name: 'good', close: () => void others.push('closed') },
    ];
    await closeServices(services, 50, SILENT);
    expect(others).toEqual(['closed']);
  });
});
