// Services that answer in the place of what the origin gave, watch what leaves, and ask the origin once more.
import { afterAll, describe, expect, test } from 'vitest';
import { FrameType } from '../../../../host/delegation/frame.js';
import { type Answer, type Flow, HeaderList, type Service } from '../../../../host/services/service.js';
import { type Bench, readAll, readUntil, startProxy } from '../bench.js';
import { answering, type Delegated, delegate, type RawOrigin, rawOrigin } from '../delegated.js';

const open: (Bench | RawOrigin)[] = [];
afterAll(async () => {
  for (const each of open) await each.close();
});

async function through(
  service: Partial<Service>,
  handler: Parameters<typeof rawOrigin>[0],
): Promise<Delegated & { origin: RawOrigin; bench: Bench }> {
  const bench = await startProxy({ services: [{ name: 'test', ...service }] });
  const origin = await rawOrigin(handler);
  open.push(bench, origin);
  return { ...(await delegate(bench, origin.target)), origin, bench };
}

const PAGE = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world';
const ERROR = 'HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy';
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: origin.test\r\n\r\n`;
const answer = (text: string, more: Partial<Answer> = {}): Answer => ({
  kind: 'answer',
  status: 200,
  reason: 'OK',
  headers: new HeaderList(),
  body: Buffer.from(text),
  ...more,
});
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstored';

describe('an answer in the place of what came', () => {
  test('drops the body of the origin; the connection goes on', async () => {
    const settle: Service['settle'] = ({ response }) =>
      response?.status === 503 ? answer('stored') : undefined;
    const { stream, main } = await through({ settle }, answering(ERROR));
    for (let round = 1; round <= 3; round++) {
      stream.write(get('/'));
      expect(await readUntil(stream, 'stored')).toBe(OK);
    }
    const receipt = await main.wait(FrameType.Receipt, ({ response }) => response === 3);
    expect(receipt).toMatchObject({ services: ['test'], bytesAfter: 6 });
  });

  test('reads no endless body to its end', async () => {
    const settle: Service['settle'] = () => answer('stored');
    const { stream } = await through({ settle }, (socket) => {
      const feed = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
      };
      socket.on('drain', feed);
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${1 << 30}\r\n\r\n`);
        feed();
      });
    });
    stream.write(get('/'));
    expect((await readAll(stream)).toString()).toBe(OK);
  });

  test('comes even where the origin hung up, and the session ends in order', async () => {
    const settle: Service['settle'] = ({ response }) =>
      response === undefined ? answer('stored') : undefined;
    const { stream } = await through({ settle }, (socket) => socket.once('data', () => socket.destroy()));
    stream.write(get('/'));
    expect((await readAll(stream)).toString()).toBe(OK);
  });

  test('a service that throws here is cut off', async () => {
    const settle = () => {
      throw new Error('broken');
    };
    const { stream } = await through({ settle }, answering(PAGE));
    stream.write(get('/'));
    expect(await readUntil(stream, 'world')).toBe(PAGE);
  });

  test('sees 304, 204 and the answer to HEAD, and takes their framing as it is', async () => {
    const seen: (number | undefined)[] = [];
    const settle: Service['settle'] = ({ response }) => void seen.push(response?.status);
    const { stream } = await through({ settle }, answering('HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'));
    stream.write(get('/'));
    expect(await readUntil(stream, '\r\n\r\n')).toBe('HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n');
    expect(seen).toEqual([304]);
  });

  test.each([204, 304])('%s goes out without a body or a length', async (status) => {
    const request = () =>
      answer('never sent', { status, headers: new HeaderList([['Content-Length', '10']]) });
    const { stream } = await through({ request }, answering(PAGE));
    stream.write(get('/'));
    expect(await readUntil(stream, '\r\n\r\n')).toBe(`HTTP/1.1 ${status} OK\r\n\r\n`);
  });
});

describe('a watcher', () => {
  test('sees the body as it leaves, and the response stays byte for byte', async () => {
    const seen: string[] = [];
    const watch = {
      chunk: (bytes: Uint8Array) => void seen.push(String(bytes)),
      end: () => void seen.push('end'),
    };
    const { stream, main } = await through({ response: () => ({ watch }) }, answering(PAGE));
    stream.write(get('/'));
    expect(await readUntil(stream, 'world')).toBe(PAGE);
    expect(await main.wait(FrameType.Receipt)).toMatchObject({ services: [] });
    expect(seen.join(' ')).toBe('hello world end');
  });

  test('that throws sees no more, and harms nobody', async () => {
    let calls = 0;
    const watch = {
      chunk: () => {
        calls++;
        throw new Error('broken');
      },
      end: () => void calls++,
    };
    const { stream } = await through({ response: () => ({ watch }) }, answering(PAGE));
    for (let round = 0; round < 2; round++) {
      stream.write(get('/'));
      expect(await readUntil(stream, 'world')).toBe(PAGE);
    }
    expect(calls).toBe(2);
  });

  test('hears of no end where the body was cut short', async () => {
    const seen: string[] = [];
    const watch = {
      chunk: (bytes: Uint8Array) => void seen.push(String(bytes)),
      end: () => void seen.push('end'),
    };
    const { stream, main } = await through({ response: () => ({ watch }) }, (socket) =>
      socket.once('data', () => socket.write(PAGE.slice(0, -3), () => socket.destroy())),
    );
    stream.write(get('/'));
    await main.wait(FrameType.Error);
    expect(seen.join('')).toBe('hello wo');
  });
});

describe('a refresh', () => {
  test('asks the origin after the answer, and what comes goes through the services alone', async () => {
    const seen: string[] = [];
    const request = ({ request }: Flow) =>
      request.target === '/stored'
        ? answer('stored', { refresh: request.headers.append('If-None-Match', '"a"') })
        : undefined;
    const watch = {
      chunk: (bytes: Uint8Array) => void seen.push(String(bytes)),
      end: () => void seen.push('end'),
    };
    const { stream, origin, main } = await through({ request, response: () => ({ watch }) }, answering(PAGE));
    stream.write(get('/stored') + get('/next'));
    expect(await readUntil(stream, 'world')).toBe(OK + PAGE);
    expect(String(origin.received[0])).toBe(
      `GET /stored HTTP/1.1\r\nHost: origin.test\r\nIf-None-Match: "a"\r\n\r\n${get('/next')}`,
    );
    expect(seen.join(' ')).toBe('hello world end hello world end');
    const second = await main.wait(FrameType.Receipt, ({ response }) => response === 2);
    expect(second).toMatchObject({ bytesBefore: 11 });
  });

  test('that the origin breaks off costs the session, not the answer', async () => {
    const request = ({ request }: Flow) => answer('stored', { refresh: request.headers });
    const { stream } = await through({ request }, (socket) => socket.once('data', () => socket.destroy()));
    stream.write(get('/'));
    expect((await readAll(stream)).toString()).toBe(OK);
  });
});

test('a service knows the client, the origin and the exchange', async () => {
  const seen: Flow[] = [];
  const note = (flow: Flow) => void seen.push(flow);
  const { stream } = await through({ request: note, settle: note, response: note }, answering(PAGE));
  for (let round = 0; round < 2; round++) {
    stream.write(get('/'));
    await readUntil(stream, 'world');
  }
  expect(seen.length).toBe(6);
  expect(new Set(seen.map(({ exchange }) => exchange)).size).toBe(2);
  for (const { client, origin } of seen) {
    expect(client).toBe('token:test');
    expect(origin).toMatchObject({ host: '127.0.0.1', serverName: 'origin.test' });
    expect(origin.certificate).toMatch(/^[0-9a-f]{64}$/);
  }
});

test('a service is closed with the proxy', async () => {
  let closed = 0;
  const bench = await startProxy({ services: [{ name: 'test', close: () => void closed++ }] });
  await bench.close();
  expect(closed).toBe(1);
});

test('one service may refuse what another one fetches', async () => {
  let why = '';
  const fetching: Service = {
    name: 'fetching',
    request: async (flow) => {
      why = await flow.fetchOther('https://ads.test/x').then(
        () => 'fetched',
        (error: Error) => error.message,
      );
      return undefined;
    },
  };
  const strict: Service = { name: 'strict', admits: (url) => !url.includes('ads.test') };
  const bench = await startProxy({ services: [fetching, strict] });
  const origin = await rawOrigin(answering(PAGE));
  open.push(bench, origin);
  const { stream } = await delegate(bench, origin.target);
  stream.write(get('/'));
  expect(await readUntil(stream, 'world')).toBe(PAGE);
  expect(why).toContain("the service 'strict' does not admit");
});
