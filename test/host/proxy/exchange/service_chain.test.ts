// biome-ignore-all lint/correctness/useYield: services that fail before they yield are what is tested
// Services change what passes; one that fails costs nothing but itself.
import { createHash } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { FrameType } from '../../../../host/delegation/frame.js';
import type { ProxyOptions } from '../../../../host/proxy/options.js';
import { type Body, HeaderList, type Service } from '../../../../host/services/service.js';
import { type Bench, readAll, readUntil, startProxy } from '../bench.js';
import { answering, type Delegated, delegate, type RawOrigin, rawOrigin } from '../delegated.js';

const open: (Bench | RawOrigin)[] = [];
afterAll(async () => {
  for (const each of open) await each.close();
});

const PAGE = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-Kept: yes\r\n\r\nhello world';

async function through(
  services: Service[],
  { answer = PAGE, limits = {} }: { answer?: string; limits?: ProxyOptions['limits'] } = {},
): Promise<Delegated & { origin: RawOrigin }> {
  const bench = await startProxy({ services, limits: { serviceTimeout: 200, ...limits } });
  const origin = await rawOrigin(answering(answer));
  open.push(bench, origin);
  return { ...(await delegate(bench, origin.target)), origin };
}

async function* upper(body: Body): Body & AsyncGenerator<Uint8Array> {
  for await (const chunk of body) yield Buffer.from(Buffer.from(chunk).toString('latin1').toUpperCase());
}
const GET = 'GET /page HTTP/1.1\r\nHost: origin.test\r\n\r\n';
const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

describe('a service that works', () => {
  test('replaces a body; the framing follows, other headers stay as they were', async () => {
    const { stream, main } = await through([{ name: 'upper', response: () => ({ body: upper }) }]);
    for (let round = 1; round <= 2; round++) {
      stream.write(GET);
      const text = await readUntil(stream, '0\r\n\r\n');
      expect(text).toBe(
        `HTTP/1.1 200 OK\r\nX-Kept: yes\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('HELLO WORLD')}`,
      );
    }
    const first = await main.wait(FrameType.Receipt, ({ response }) => response === 1);
    const second = await main.wait(FrameType.Receipt, ({ response }) => response === 2);
    const hash = (before: Uint8Array) => createHash('sha256').update(before).update('HELLO WORLD').digest();
    expect(first).toMatchObject({ services: ['upper'], bytesBefore: 11, bytesAfter: 11 });
    expect(Buffer.from(first.hash)).toEqual(hash(Buffer.alloc(32)));
    expect(Buffer.from(second.hash)).toEqual(hash(first.hash));
  });

  test('announces a length where it knows one', async () => {
    const make = async function* (body: Body) {
      for await (const _ of body);
      yield Buffer.from('four');
    };
    const { stream } = await through([{ name: 'four', response: () => ({ body: make, length: 4 }) }]);
    stream.write(GET);
    expect(await readUntil(stream, 'four')).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Kept: yes\r\n\r\nfour',
    );
  });

  test('closes after the body for a client of HTTP/1.0', async () => {
    const { stream } = await through([{ name: 'upper', response: () => ({ body: upper }) }]);
    stream.write('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect((await readAll(stream)).toString()).toBe(
      'HTTP/1.0 200 OK\r\nX-Kept: yes\r\nConnection: close\r\n\r\nHELLO WORLD',
    );
  });

  test('changes status and headers and leaves the body', async () => {
    const service: Service = {
      name: 'label',
      response: ({ response }) => ({
        status: 203,
        reason: 'Changed',
        headers: response.headers.set('X-Kept', 'no'),
      }),
    };
    const { stream } = await through([service]);
    stream.write(GET);
    expect(await readUntil(stream, 'world')).toBe(
      'HTTP/1.1 203 Changed\r\nContent-Length: 11\r\nX-Kept: no\r\n\r\nhello world',
    );
  });

  test('changes a request, body and all', async () => {
    const service: Service = {
      name: 'request',
      request: ({ request }) => ({
        kind: 'change',
        target: '/other',
        headers: request.headers.clone().delete('X-Drop').append('X-Added', '1'),
        body: upper,
      }),
    };
    const { stream, origin, main } = await through([service]);
    stream.write('POST /page HTTP/1.1\r\nHost: o\r\nX-Drop: 1\r\nContent-Length: 4\r\n\r\nbody');
    await main.wait(FrameType.Receipt);
    expect(origin.received[0]!.toString()).toBe(
      `POST /other HTTP/1.1\r\nHost: o\r\nX-Added: 1\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('BODY')}`,
    );
  });

  test('answers in the place of the origin, which hears nothing of it', async () => {
    const answer: Service = {
      name: 'answer',
      request: ({ request }) =>
        request.target === '/page'
          ? {
              kind: 'answer',
              status: 403,
              reason: 'No',
              headers: new HeaderList([['X', 'y']]),
              body: Buffer.from('no'),
            }
          : undefined,
    };
    const { stream, origin, main } = await through([answer]);
    stream.write('POST /page HTTP/1.1\r\nHost: o\r\nContent-Length: 4\r\n\r\nbody');
    expect(await readUntil(stream, 'no')).toBe('HTTP/1.1 403 No\r\nX: y\r\nContent-Length: 2\r\n\r\nno');
    stream.write('GET /else HTTP/1.1\r\nHost: o\r\n\r\n');
    expect(await readUntil(stream, 'world')).toBe(PAGE);
    expect(origin.received[0]!.toString()).toBe('GET /else HTTP/1.1\r\nHost: o\r\n\r\n');
    expect(await main.wait(FrameType.Receipt)).toMatchObject({
      status: 403,
      services: ['answer'],
      bytesBefore: 0,
    });
  });

  test('sees the device, the origin and the whole address', async () => {
    let seen: unknown;
    const { stream, origin, sessionId } = await through([
      {
        name: 'look',
        response: ({ profile, origin: { host }, request, sessionId }) => {
          seen = { width: profile.screenWidth, host, url: request.url, sessionId };
          return undefined;
        },
      },
    ]);
    stream.write(GET);
    expect(await readUntil(stream, 'world')).toBe(PAGE);
    expect(seen).toEqual({ width: 320, host: '127.0.0.1', url: `https://${origin.target}/page`, sessionId });
  });

  test('works in the order of the list', async () => {
    const add = (name: string): Service => ({
      name,
      response: () => ({
        body: async function* (body) {
          for await (const chunk of body) yield Buffer.concat([chunk, Buffer.from(name)]);
        },
      }),
    });
    const { stream, main } = await through([add('1'), add('2')]);
    stream.write(GET);
    expect(await readUntil(stream, '0\r\n\r\n')).toContain('hello world12');
    expect((await main.wait(FrameType.Receipt)).services).toEqual(['1', '2']);
  });
});

describe('a service that fails is left out', () => {
  const never = () => new Promise<never>(() => {});
  const failing: [string, Service][] = [
    [
      'throws',
      {
        name: 'bad',
        response: () => {
          throw new Error('no');
        },
      },
    ],
    [
      'rejects',
      {
        name: 'bad',
        response: async () => {
          throw new Error('no');
        },
      },
    ],
    ['hangs', { name: 'bad', response: never }],
    ['hangs at the request', { name: 'bad', request: never }],
    ['gives a status that is none', { name: 'bad', response: () => ({ status: 99 }) }],
    ['gives a reason that splits the head', { name: 'bad', response: () => ({ reason: 'a\r\nb: c' }) }],
    ['gives a target with a space', { name: 'bad', request: () => ({ kind: 'change', target: '/a b' }) }],
    [
      'gives a body that throws at once',
      {
        name: 'bad',
        response: () => ({
          body: () => {
            throw new Error('no');
          },
        }),
      },
    ],
  ];
  test.each(failing)('that %s', async (_, service) => {
    const { stream, main } = await through([service]);
    stream.write(GET);
    expect(await readUntil(stream, 'world')).toContain('\r\n\r\nhello world');
    expect((await main.wait(FrameType.Receipt)).services).toEqual([]);
  });

  const bodies: [string, (body: Body) => AsyncGenerator<Uint8Array>][] = [
    [
      'throws after it has read all',
      async function* (body) {
        for await (const _ of body);
        throw new Error('no');
      },
    ],
    [
      'hangs after it has read some',
      async function* (body) {
        for await (const _ of body) await never();
      },
    ],
    [
      'never reads',
      async function* () {
        await never();
      },
    ],
  ];
  test.each(bodies)('whose body %s: the client gets the original', async (_, body) => {
    const next: Service = { name: 'upper', response: () => ({ body: upper }) };
    const alone = await through([{ name: 'bad', response: () => ({ body }) }]);
    alone.stream.write(GET);
    expect(await readUntil(alone.stream, 'world')).toBe(PAGE);
    const before = await through([{ name: 'bad', response: () => ({ body }) }, next]);
    before.stream.write(GET);
    expect(await readUntil(before.stream, '0\r\n\r\n')).toContain(chunked('HELLO WORLD'));
  });

  test('after its first chunk the answer is cut short, visibly', async () => {
    const body = async function* () {
      yield Buffer.from('first');
      throw new Error('no');
    };
    const { stream, main, sessionId } = await through([{ name: 'bad', response: () => ({ body }) }]);
    stream.write(GET);
    expect(await main.wait(FrameType.Error)).toMatchObject({ sessionId, code: 'SERVICE_FAILED' });
    const seen = (await readAll(stream).catch(() => Buffer.alloc(0))).toString();
    expect(seen).not.toContain('0\r\n\r\n');
  });

  test('when it took more than is kept for a replay, the answer is cut short too', async () => {
    const body = async function* (from: Body) {
      for await (const _ of from);
      throw new Error('no');
    };
    const { stream, main } = await through([{ name: 'bad', response: () => ({ body }) }], {
      limits: { serviceReplayBytes: 5 },
    });
    stream.write(GET);
    expect((await main.wait(FrameType.Error)).code).toBe('SERVICE_FAILED');
  });

  test('a slow origin is no fault of the service', async () => {
    const bench = await startProxy({
      services: [{ name: 'upper', response: () => ({ body: upper }) }],
      limits: { serviceTimeout: 100 },
    });
    const origin = await rawOrigin((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n');
        setTimeout(() => socket.write('slow'), 400);
      });
    });
    open.push(bench, origin);
    const { stream, main } = await delegate(bench, origin.target);
    stream.write(GET);
    expect(await readUntil(stream, '0\r\n\r\n')).toContain('SLOW');
    expect((await main.wait(FrameType.Receipt)).services).toEqual(['upper']);
  });

  test('an origin that breaks off stays a broken origin', async () => {
    const bench = await startProxy({ services: [{ name: 'upper', response: () => ({ body: upper }) }] });
    const origin = await rawOrigin(
      answering('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', { close: true }),
    );
    open.push(bench, origin);
    const { stream, main } = await delegate(bench, origin.target);
    stream.write(GET);
    expect((await main.wait(FrameType.Error)).code).toBe('TRUNCATED');
  });
});
