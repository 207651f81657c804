// What must not go to a host must not go there under the name of another in CONNECT, by no kind of tunnel.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeStreamFrame, StreamFrameType } from '../../../../host/delegation/frame.js';
import { HelloGate } from '../../../../host/proxy/admission/hello_gate.js';
import { type Bench, connectVia, dial, startProxy, TestMainSession, TOKEN } from '../bench.js';
import { listen } from '../delegated.js';

/** What a TLS client says first that names `servername`. */
async function helloOf(servername: string): Promise<Buffer> {
  const server = createServer();
  const port = await listen(server);
  const client = tlsConnect({ host: '127.0.0.1', port, servername }).on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  for (const each of [client, socket]) each.destroy();
  server.close();
  return bytes;
}

let blocked: Buffer;
let allowed: Buffer;
beforeAll(async () => {
  blocked = await helloOf('blocked.test');
  allowed = await helloOf('allowed.test');
});

/** The same hello in records of `size` bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 5; at < hello.length; at += size) {
    const piece = hello.subarray(at, at + size);
    pieces.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 255]), piece);
  }
  return Buffer.concat(pieces);
}

const CHANGE_CIPHER_SPEC = Buffer.from([20, 3, 3, 0, 1, 1]);

describe('of what a client says first', () => {
  const names: string[] = [];
  const gate = () =>
    new HelloGate(async ({ sni }) => {
      names.push(sni);
      if (sni === 'blocked.test') throw new Error('blocked');
    });

  test.each([1, 7, 100, 100_000])('every byte goes on, in pieces of %i', async (size) => {
    const all = Buffer.concat([
      allowed,
      CHANGE_CIPHER_SPEC,
      inRecords(allowed, 50),
      Buffer.from('\x17\x03\x03'),
    ]);
    const passing = gate();
    const passed: Buffer[] = [];
    for (let at = 0; at < all.length; at += size)
      passed.push(await passing.push(all.subarray(at, at + size)));
    passed.push(passing.end());
    expect(Buffer.concat(passed)).toEqual(all);
    expect(names.splice(0)).toEqual(['allowed.test', 'allowed.test']);
  });

  test.each(['SSH-2.0-x\r\n', 'GET / HTTP/1.1\r\n', '\x16', '\x16\x01x', '\x14\x00'])(
    '%j is no hello, and goes on',
    async (text) => {
      const passing = gate();
      const passed = await passing.push(Buffer.from(text, 'latin1'));
      expect(Buffer.concat([passed, passing.end()]).toString('latin1')).toBe(text);
      expect(names).toEqual([]);
    },
  );

  test.each([
    ['whole', () => blocked],
    ['in records of 3 bytes', () => inRecords(blocked, 3)],
    ['as a second one', () => Buffer.concat([allowed, CHANGE_CIPHER_SPEC, blocked])],
    ['behind a record without content', () => Buffer.concat([Buffer.from([22, 3, 1, 0, 0]), blocked])],
  ])('a hello that is minded does not go on: %s', async (_, hello) => {
    for (const size of [1, 10_000]) {
      const passing = gate();
      const bytes = hello();
      const going = async () => {
        for (let at = 0; at < bytes.length; at += size) await passing.push(bytes.subarray(at, at + size));
      };
      await expect(going()).rejects.toThrow('blocked');
      names.length = 0;
    }
  });

  test('one without an end in sight is refused', async () => {
    const endless = inRecords(
      Buffer.concat([allowed.subarray(0, 5), Buffer.from([1, 2, 0, 0]), allowed]),
      500,
    );
    await expect(gate().push(endless)).rejects.toMatchObject({ code: 'STREAM_REFUSED' });
  });
});

describe('a service that minds a name', () => {
  let bench: Bench;
  const sink = createServer((socket) => {
    const got = { bytes: Buffer.alloc(0) };
    socket
      .on('error', () => {})
      .on('data', (bytes) => {
        got.bytes = Buffer.concat([got.bytes, bytes]);
        onBytes(got.bytes);
      });
    socket.once('close', () => onClose(got.bytes));
  });
  let onBytes: (bytes: Buffer) => void = () => {};
  let onClose: (bytes: Buffer) => void = () => {};
  let target: string;

  beforeAll(async () => {
    bench = await startProxy({
      services: [
        {
          name: 'judge',
          tunnel: async ({ host }) =>
            host === 'blocked.test' ? { kind: 'refuse', reason: 'it is blocked' } : undefined,
        },
      ],
    });
    target = `127.0.0.1:${await listen(sink)}`;
  });
  afterAll(async () => {
    await bench.close();
    sink.close();
  });

  const connections: Record<string, (bytes: Buffer) => Promise<{ destroy(): void }>> = {
    'a connection of its own': async (bytes) => {
      const conduit = await dial(bench, 'http/1.1');
      expect((await connectVia(conduit, target)).status).toBe(200);
      conduit.write(bytes);
      return conduit;
    },
    'a session that nobody delivers': async (bytes) => {
      const conduit = await dial(bench, 'http/1.1');
      expect((await connectVia(conduit, target, { 'Deputy-Session': 'request' })).status).toBe(200);
      conduit.write(bytes);
      return conduit;
    },
    'a stream of the main session': async (bytes) => {
      const { socket } = await TestMainSession.open(bench, { token: TOKEN });
      const body = Buffer.concat([Buffer.from(`CONNECT ${target} HTTP/1.1\r\nHost: x\r\n\r\n`), bytes]);
      socket.write(encodeStreamFrame({ type: StreamFrameType.Data, stream: 1, body }));
      return socket;
    },
  };

  test.each(Object.entries(connections))('hears of the one in the hello: %s', async (_, open) => {
    const closing = () =>
      new Promise<Buffer>((resolve) => {
        onClose = resolve;
      });
    const refused = closing();
    await open(blocked);
    expect(await refused).toHaveLength(0);
    const left = closing();
    const came = new Promise<void>((resolve) => {
      onBytes = (bytes) => bytes.equals(allowed) && resolve();
    });
    const connection = await open(allowed);
    await came;
    connection.destroy();
    expect(await left).toEqual(allowed);
  });
});
