// Plain bytes through a delegated session (R19): no matter who speaks first, each direction to its own end, for as long as it
// takes; refused or watched by services.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ByteStream } from '../../../../host/client/byte_stream.js';
import { filter } from '../../../../host/services/filter/index.js';
import { parseList } from '../../../../host/services/filter/list.js';
import type { Service } from '../../../../host/services/service.js';
import { World } from '../../client/world.js';
import { type RawOrigin, rawOrigin } from '../delegated.js';

let world: World;
const origins: RawOrigin[] = [];
beforeAll(async () => {
  world = await World.create();
});
afterAll(async () => {
  for (const origin of origins) await origin.close();
  await world.close();
});

/** A stream to an origin of this handler, through a proxy of these options. */
async function stream(
  handler: Parameters<typeof rawOrigin>[0],
  options: Parameters<World['proxy']>[0] = {},
): Promise<{ stream: ByteStream; origin: RawOrigin }> {
  const issued = await world.authority.issue({ names: ['localhost'] });
  const tls = { cert: issued.chainPem, key: issued.keyPem, allowHalfOpen: true };
  const origin = await rawOrigin(handler, tls);
  origins.push(origin);
  const client = world.through(await world.proxy(options));
  return { stream: await client.connect('localhost', origin.port), origin };
}

const text = (bytes: string) => Buffer.from(bytes);
async function all(of: ByteStream): Promise<string> {
  let read = '';
  for await (const bytes of of) read += Buffer.from(bytes).toString();
  return read;
}

describe('a byte stream', () => {
  test('goes on in one direction when the other has ended', async () => {
    const { stream: bytes } = await stream((socket) => {
      let heard = '';
      socket.on('data', (chunk: Buffer) => {
        heard += chunk;
      });
      socket.on('end', () => socket.end(`heard ${heard}, and all of it`));
    });
    await bytes.write(text('some words'));
    await bytes.end();
    expect(await all(bytes)).toBe('heard some words, and all of it');
    bytes.close();
  });

  test('arrives whole where the client closes right after its last byte', async () => {
    let heard = 0;
    const done = new Promise<void>((resolve) => {
      void stream((socket) => {
        socket.on('data', (chunk: Buffer) => {
          heard += chunk.length;
        });
        socket.on('end', () => {
          socket.end();
          resolve();
        });
      }).then(async ({ stream: bytes }) => {
        for (let i = 0; i < 20; i++) await bytes.write(Buffer.alloc(50_000, i));
        bytes.close();
      });
    });
    await done;
    expect(heard).toBe(1_000_000);
  });

  test('passes bytes that could begin an HTTP request, without waiting for long, and no request', async () => {
    const { stream: bytes, origin } = await stream((socket) => {
      socket.on('data', () => socket.write('ok'));
    });
    await bytes.write(text('G'));
    expect(Buffer.from((await bytes.read())!).toString()).toBe('ok');
    await bytes.write(text('ET / HTTP/1.1\r\n'));
    await expect(bytes.read()).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(origin.received[0]!.toString()).toBe('G');
    bytes.close();
  });

  test.each(['GET / HTTP/1.1', 'get  /\tHTTP/1.0', 'GET /', '\r\nGET / HTTP/1.1', 'BREW /pot HTTP/1.1'])(
    'that is HTTP is treated as HTTP: %j',
    async (line) => {
      const list = parseList('/forbidden');
      const refused = { name: 'no', request: filter([list]).request! };
      const { stream: bytes, origin } = await stream(() => {}, { services: [refused] });
      await bytes.write(text(`${line.replace('/', '/forbidden')}\r\nConnection: close\r\n\r\n`));
      const answer = await all(bytes).catch(({ code }) => code as string);
      expect(answer).toMatch(/^HTTP\/1.1 403 |^BAD_REQUEST$/);
      expect(origin.received[0]?.length ?? 0).toBe(0);
    },
  );

  test('may be silent for longer than a connection of HTTP', async () => {
    const { stream: bytes } = await stream(
      (socket) => {
        socket.on('data', () => socket.end('still here'));
      },
      { limits: { idleTimeout: 150 } },
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    await bytes.write(text('?'));
    expect(await all(bytes)).toBe('still here');
    bytes.close();
  });

  test('ends where it is silent for longer than that', async () => {
    const { stream: bytes } = await stream(() => {}, { limits: { streamIdleTimeout: 100 } });
    await expect(bytes.read()).rejects.toMatchObject({ code: expect.stringMatching(/GONE$/) });
    bytes.close();
  });
});

describe('services', () => {
  test('refuse a stream by its host and port', async () => {
    const list = parseList('||localhost^');
    const { stream: bytes, origin } = await stream((socket) => socket.write('hello'), {
      services: [filter([list])],
    });
    await expect(bytes.read()).rejects.toMatchObject({
      code: 'STREAM_REFUSED',
      message: expect.stringContaining('||localhost^'),
    });
    await bytes.write(text('secret')).catch(() => {});
    expect(origin.received[0]!.toString()).toBe('');
    bytes.close();
  });

  test('watch it pass, and one that fails is left out', async () => {
    const seen: string[] = [];
    const watching: Service = {
      name: 'watching',
      stream: ({ origin }) => ({
        kind: 'watch',
        chunk: (from, bytes) => seen.push(`${from}: ${Buffer.from(bytes)}`),
        end: () => seen.push(`end of ${origin.host}`),
      }),
    };
    const broken: Service = {
      name: 'broken',
      stream: () => ({
        kind: 'watch',
        chunk: () => {
          throw new Error('broken');
        },
        end: () => {},
      }),
    };
    const failing: Service = { name: 'failing', stream: () => Promise.reject(new Error('failing')) };
    const { stream: bytes } = await stream((socket) => socket.on('data', () => socket.end('answer')), {
      services: [failing, broken, watching],
    });
    await bytes.write(text('question'));
    expect(await all(bytes)).toBe('answer');
    bytes.close();
    while (seen.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(seen).toEqual(['client: question', 'origin: answer', 'end of localhost']);
  });
});

test('a stream counts among the sessions of its client, and is revoked with them', async () => {
  const origin = await rawOrigin(() => {}, await localhost());
  origins.push(origin);
  const client = world.through(await world.proxy(), { maxSessions: 1 });
  const first = await client.connect('localhost', origin.port);
  const second = client.connect('localhost', origin.port);
  expect(await Promise.race([second, new Promise((resolve) => setTimeout(resolve, 100, 'waits'))])).toBe(
    'waits',
  );
  client.revoke('enough');
  expect(await first.read().catch(() => undefined)).toBeUndefined();
  (await second).close();
});

async function localhost() {
  const issued = await world.authority.issue({ names: ['localhost'] });
  return { cert: issued.chainPem, key: issued.keyPem };
}
