import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { contentDecoder } from '../../../host/platform/node/codings.js';
import { nodePlatform, parseUrl } from '../../../host/platform/node/platform.js';
import { connect } from '../../../host/platform/node/sockets.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, onSocket);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('sockets', () => {
  test('carry bytes both ways and tell the end', async () => {
    const port = await listen((socket) => socket.pipe(socket));
    const transport = await connect('127.0.0.1', port);
    await transport.write(Buffer.from('to and fro'));
    expect(Buffer.from((await transport.read())!).toString()).toBe('to and fro');
    transport.close();
    expect(await transport.read()).toBeUndefined();
    await expect(transport.write(Buffer.from('more'))).rejects.toThrow('closed');
  });

  test('are not read faster than their reader reads', async () => {
    let sent = 0;
    const port = await listen((socket) => {
      socket.on('error', () => {});
      const push = () => {
        while (sent < 64 << 20 && socket.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      socket.on('drain', push);
      push();
    });
    const transport = await connect('127.0.0.1', port);
    await transport.read();
    await new Promise((resolve) => setTimeout(resolve, 300));
    // The kernel's buffers and 64 KiB: far from all that the server would like to send.
    expect(sent).toBeLessThan(32 << 20);
    transport.close();
  });

  test('make their writer wait while the peer reads nothing', async () => {
    const port = await listen((socket) => socket.pause());
    const transport = await connect('127.0.0.1', port);
    const all = (async () => {
      for (let i = 0; i < 1000; i++) await transport.write(new Uint8Array(65_536));
    })();
    const first = await Promise.race([
      all.then(() => 'written'),
      new Promise((resolve) => setTimeout(resolve, 300, 'waiting')),
    ]);
    expect(first).toBe('waiting');
    transport.close();
    await expect(all).rejects.toThrow();
  });

  test('give up when told to', async () => {
    const controller = new AbortController();
    const pending = connect('192.0.2.1', 9, controller.signal);
    controller.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
    await expect(connect('127.0.0.1', 9, controller.signal)).rejects.toThrow('enough');
  });

  test('refused by nobody listening say so', async () => {
    const port = await listen(() => {});
    servers.splice(0)[0]!.close();
    await expect(connect('127.0.0.1', port)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('content codings', () => {
  const text = Buffer.from('a page, a page, a page, '.repeat(500));
  const collect = async (coding: string, bytes: Uint8Array, size = 100) => {
    async function* body() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of contentDecoder.decode(coding, body())) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  test.each([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
  ])('%s is undone', async (coding, bytes) => {
    expect((await collect(coding, bytes)).equals(text)).toBe(true);
    expect((await collect(coding, bytes, 1)).equals(text)).toBe(true);
  });

  test('damaged or cut bodies reject', async () => {
    await expect(collect('gzip', gzipSync(text).subarray(0, 60))).rejects.toThrow();
    await expect(collect('br', Buffer.from('not brotli at all'))).rejects.toThrow();
    await expect(collect('zip', text)).rejects.toThrow("'zip' is not supported");
  });

  test('an error of the body below comes through', async () => {
    async function* body(): AsyncGenerator<Uint8Array> {
      yield gzipSync(text).subarray(0, 20);
      throw new Error('the origin vanished');
    }
    const read = async () => {
      for await (const _ of contentDecoder.decode('gzip', body())) {
        // only the end matters
      }
    };
    await expect(read()).rejects.toThrow('the origin vanished');
  });
});

describe('the platform', () => {
  test('cuts URLs', () => {
    expect(parseUrl('https://Example.com/a?b#c')).toEqual({
      protocol: 'https:',
      host: 'example.com',
      port: 443,
      path: '/a?b',
      href: 'https://example.com/a?b',
    });
    expect(parseUrl('https://[::1]:8443')).toMatchObject({ host: '::1', port: 8443, path: '/' });
    expect(parseUrl('../x', 'https://a.example/b/c/d')).toMatchObject({ path: '/b/x' });
    expect(parseUrl('nothing')).toBeUndefined();
    expect(parseUrl('mailto:a@b')).toBeUndefined();
  });

  test('has a clock, entropy and timers that can be cancelled', async () => {
    const platform = nodePlatform();
    expect(Math.abs(platform.now() - Date.now())).toBeLessThan(1000);
    expect(platform.entropy(32)).not.toEqual(platform.entropy(32));
    const fired: string[] = [];
    platform.setTimer(5, () => fired.push('kept'));
    platform.setTimer(5, () => fired.push('cancelled'))();
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(fired).toEqual(['kept']);
  });
});
