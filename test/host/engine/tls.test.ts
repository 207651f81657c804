import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer, type Server, type TlsOptions as ServerOptions, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { Grant } from '../../../host/delegation/grant.js';
import { type TlsConnection, TlsEngine, type TlsOptions, type TlsVersion } from '../../../host/engine/tls.js';
import { programs } from '../../assembly/programs.js';

const benches = await programs('client');
const engines = benches.map(([name, { program }]) => [name, new TlsEngine(program)] as const);
const versions = [
  ['TLS 1.2', 0x0303],
  ['TLS 1.3', 0x0304],
] as const;

let authority: Authority;
let issued: Issued;
beforeAll(async () => {
  authority = await createAuthority();
  issued = await authority.issue({ names: ['origin.test'] });
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server of Node's that answers each chunk with itself in capitals. */
async function origin(options: ServerOptions = {}): Promise<number> {
  const server = createServer({
    key: issued.keyPem,
    cert: issued.chainPem,
    ALPNProtocols: ['http/1.1'],
    ...options,
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('data', (bytes) => socket.write(`${bytes}`.toUpperCase()));
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A connection over a socket: reads come as one text. */
class Line {
  text = '';
  error: unknown;
  #waiting: (() => void) | undefined;

  constructor(
    readonly tls: TlsConnection,
    readonly socket: Socket,
  ) {
    socket.on('data', (bytes) => this.#take(() => this.#receive(bytes)));
    socket.on('end', () => this.#take(() => tls.receiveEnd()));
    socket.on('error', () => {});
    tls.start();
    this.flush();
  }

  #receive(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const taken = this.tls.receive(bytes.subarray(at));
      for (let part = this.tls.read(); part; part = this.tls.read())
        this.text += Buffer.from(part).toString('latin1');
      this.flush();
      if (taken === 0) throw new Error('no byte was taken');
      at += taken;
    }
  }

  #take(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.error ??= error;
      this.flush();
    }
    this.#waiting?.();
  }

  flush(): void {
    for (let bytes = this.tls.takeOutput(); bytes; bytes = this.tls.takeOutput()) this.socket.write(bytes);
  }

  send(text: string): void {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length; this.flush()) at += this.tls.write(bytes.subarray(at));
  }

  /** Waits for a condition; the connection's error ends the wait. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.error) throw this.error;
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  end(): void {
    this.socket.destroy();
    this.tls.free();
  }
}

async function open(engine: TlsEngine, port: number, options: Partial<TlsOptions> = {}): Promise<Line> {
  const trust = options.trust ?? engine.addRoots([authority.root.der]);
  const unixTime = Math.floor(Date.now() / 1000);
  const tls = engine.connect({ serverName: 'origin.test', unixTime, ...options, trust });
  // Freed when the connection is: it holds them.
  trust.free();
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return new Line(tls, socket);
}

const failure = (code: string) => expect.objectContaining({ name: 'TlsError', code });

describe.each(engines)('the TLS engine on %s', (_, engine) => {
  engine.seed(crypto.getRandomValues(new Uint8Array(48)));

  describe.each(versions)('%s', (_, version: TlsVersion) => {
    const only = { minVersion: version, maxVersion: version };

    test('shakes hands, moves bytes both ways, and closes', async () => {
      const line = await open(engine, await origin(), { ...only, alpn: ['h2', 'http/1.1'] });
      expect(line.tls.flags).toMatchObject({ handshakeDone: false, mayWrite: false, wantsInput: true });
      await line.until(() => line.tls.flags.handshakeDone);
      expect(line.tls.info()).toMatchObject({ version, alpn: 'http/1.1', resumed: false });
      expect(line.tls.info().certificateHash).toHaveLength(32);
      expect(line.tls.info().clientRandom).not.toEqual(new Uint8Array(32));

      const long = 'a line to be answered. '.repeat(2000);
      line.send(long);
      await line.until(() => line.text.length === long.length);
      expect(line.text).toBe(long.toUpperCase());
      // The handshake's own protected messages are a few kilobytes more.
      const { sealed, opened } = line.tls.bytes();
      for (const count of [sealed, opened])
        expect(Math.floor(count / 4096)).toBe(Math.floor(long.length / 4096));
      const records = line.tls.records();
      expect(records.sent).toBeGreaterThan(records.clientEpochStart);
      expect(records.received).toBeGreaterThan(records.originEpochStart);

      line.tls.close();
      line.flush();
      await line.until(() => line.tls.flags.peerClosed);
      expect(line.error).toBeUndefined();
      line.end();
      line.tls.free();
      expect(() => line.tls.flags).toThrow(failure('TLS_WRONG_STATE'));
    });

    test('resumes a session', async () => {
      const port = await origin();
      const first = await open(engine, port, only);
      await first.until(() => first.tls.flags.handshakeDone);
      first.send('x');
      await first.until(() => first.text === 'X' && first.tls.flags.sessionAvailable);
      const session = first.tls.takeSession()!;
      first.end();
      const second = await open(engine, port, { ...only, session });
      await second.until(() => second.tls.flags.handshakeDone);
      expect(second.tls.info().resumed).toBe(true);
      second.end();
    });

    test('exports what the server exports', async () => {
      const port = await origin();
      const server = servers.at(-1)!;
      const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
      const line = await open(engine, port, only);
      const [socket] = await accepted;
      await line.until(() => line.tls.flags.handshakeDone);
      const context = new Uint8Array([1, 2, 3]);
      const theirs = socket.exportKeyingMaterial(32, 'EXPORTER-deputy-test', Buffer.from(context));
      expect(Buffer.from(line.tls.exporter('EXPORTER-deputy-test', context, 32))).toEqual(theirs);
      // An empty context is a context (RFC 5705 §4), which TLS 1.3 does not tell apart from none; a label may be empty.
      for (const label of ['EXPORTER-deputy-test', '']) {
        const bare = socket.exportKeyingMaterial as (length: number, label: string) => Buffer;
        const empty = Buffer.from(line.tls.exporter(label, new Uint8Array(0), 32));
        const none = Buffer.from(line.tls.exporter(label, undefined, 32));
        expect(empty).toEqual(socket.exportKeyingMaterial(32, label, Buffer.alloc(0)));
        expect(none).toEqual(bare.call(socket, 32, label));
        expect(empty.equals(none)).toBe(only.minVersion === 0x0304);
      }
      line.end();
    });

    test('delivers once, and seals nothing afterwards', async () => {
      const line = await open(engine, await origin(), only);
      await line.until(() => line.tls.flags.handshakeDone);
      const secrets = line.tls.deliver(Grant.Session);
      expect(secrets.length).toBeGreaterThan(32);
      expect(new Set(secrets).size).toBeGreaterThan(8);
      expect(line.tls.flags).toMatchObject({ delivered: true, mayWrite: false });
      expect(line.tls.write(new Uint8Array([1]))).toBe(0);
      expect(() => line.tls.deliver(Grant.Session)).toThrow(failure('TLS_ALREADY_DELIVERED'));
      line.end();
    });

    test('names what is wrong, and sends the alert for it', async () => {
      const stranger = await createAuthority({ name: 'Somebody else' });
      const wrong: [Partial<TlsOptions>, string, number][] = [
        [{ trust: engine.addRoots([stranger.root.der]) }, 'TLS_UNKNOWN_CA', 48],
        [{ serverName: 'elsewhere.test' }, 'TLS_CERTIFICATE_HOST_NAME', 42],
        [{ unixTime: 4_000_000_000 }, 'TLS_CERTIFICATE_EXPIRED', 45],
      ];
      for (const [options, code, alert] of wrong) {
        const port = await origin();
        const seen = once(servers.at(-1)!, 'tlsClientError') as Promise<[Error & { code: string }]>;
        const line = await open(engine, port, { ...only, ...options });
        await expect(line.until(() => line.tls.flags.handshakeDone)).rejects.toMatchObject({ code, alert });
        expect((await seen)[0].code).toMatch(/^ERR_SSL_.*ALERT/);
        expect(line.tls.flags).toMatchObject({ failed: true, closed: true });
        line.end();
      }
    });

    test('tells of the alert that the server sent', async () => {
      const port = await origin({ requestCert: true, rejectUnauthorized: true, ca: authority.root.pem });
      const line = await open(engine, port, only);
      await expect(line.until(() => false)).rejects.toMatchObject({ code: 'TLS_PEER_ALERT' });
      line.end();
    });

    test('shows a client certificate', async () => {
      const me = await authority.issue({ names: ['device 7'], isClient: true });
      const port = await origin({ requestCert: true, rejectUnauthorized: true, ca: authority.root.pem });
      const accepted = once(servers.at(-1)!, 'secureConnection') as Promise<[TLSSocket]>;
      const clientCertificate = { chain: me.chainDer, key: me.keyDer };
      const line = await open(engine, port, { ...only, clientCertificate });
      const [socket] = await accepted;
      expect(socket.authorized).toBe(true);
      line.end();
    });

    test('knows a transport that was cut from one that was closed', async () => {
      const port = await origin();
      const accepted = once(servers.at(-1)!, 'secureConnection') as Promise<[TLSSocket]>;
      const line = await open(engine, port, only);
      await line.until(() => line.tls.flags.handshakeDone);
      (await accepted)[0].destroy();
      line.socket.removeAllListeners('end');
      expect(() => line.tls.receiveEnd()).toThrow(failure('TLS_TRUNCATED'));
      line.end();
    });
  });

  test('offers the versions that its cipher suites belong to, and no other', async () => {
    for (const [suite, version] of [
      [0xc02b, 0x0303],
      [0x1301, 0x0304],
    ] as const) {
      const line = await open(engine, await origin(), { cipherSuites: [suite] });
      await line.until(() => line.tls.flags.handshakeDone);
      expect(line.tls.info()).toMatchObject({ version, cipherSuite: suite });
      line.end();
    }
  });

  test('takes one record at a time where that is asked for', async () => {
    const port = await origin();
    const trust = engine.addRoots([authority.root.der]);
    const tls = engine.connect({
      serverName: 'origin.test',
      unixTime: Date.now() / 1000,
      trust,
      maxVersion: 0x0303,
    });
    const socket = connect(port, '127.0.0.1');
    tls.start();
    socket.write(tls.takeOutput()!);
    let bytes = Buffer.alloc(0);
    socket.on('data', (more) => {
      bytes = Buffer.concat([bytes, more]);
    });
    while (bytes.length < 100) await once(socket, 'data');
    const first = 5 + bytes.readUInt16BE(3);
    expect(tls.receiveRecord(bytes.subarray(0, 3))).toBe(3);
    expect(tls.records().received).toBe(0);
    expect(tls.receiveRecord(bytes.subarray(3))).toBe(first - 3);
    expect(tls.records().received).toBe(1);
    socket.destroy();
    tls.free();
    trust.free();
  });

  test.each([
    ['a server name that is not ASCII', { serverName: 'mün.test' }, 'TLS_BAD_ARGUMENT'],
    ['an empty protocol name', { alpn: [''] }, 'TLS_BAD_ARGUMENT'],
    ['versions in the wrong order', { minVersion: 0x0304, maxVersion: 0x0303 }, 'TLS_BAD_ARGUMENT'],
    ['a session that is none', { session: new Uint8Array(10) }, 'TLS_BAD_ARGUMENT'],
    ['a private key that is none', { clientCertificate: { chain: [], key: new Uint8Array(10) } }, undefined],
  ] as const)('refuses %s', (_, options, code) => {
    const trust = engine.addRoots([authority.root.der]);
    const connectWrongly = () =>
      engine.connect({ serverName: 'a.test', unixTime: 0, trust, ...(options as object) });
    expect(connectWrongly).toThrow(code ? failure(code) : expect.objectContaining({ name: 'TlsError' }));
    trust.free();
    expect(() => engine.connect({ serverName: 'a.test', unixTime: 0, trust })).toThrow(
      failure('TLS_WRONG_STATE'),
    );
  });

  test('skips and names the root that can not be used, and throws where none can', async () => {
    const p521 = (await createAuthority({ keyType: 'ec-p521' })).root.der;
    const trust = engine.addRoots([authority.root.der, new Uint8Array([0x30, 0]), p521]);
    expect(trust.count).toBe(1);
    expect(trust.skipped.map(({ code }) => code)).toEqual(['TLS_CERTIFICATE_DER', 'TLS_CERTIFICATE_KEY']);
    expect(trust.skipped[0]!.message).toMatch(/^root certificate 2 of 3: /);
    trust.free();
    expect(() => engine.addRoots([new Uint8Array([0x30, 0])])).toThrow(/^root certificate 1 of 1: /);
  });

  test('holds five connections in 256 KiB, and gives all memory back', () => {
    const memory: number[] = [];
    for (let i = 0; i < 40; i++) {
      const trust = engine.addRoots([authority.root.der]);
      const lines = [1, 2, 3, 4, 5].map(() =>
        engine.connect({ serverName: 'origin.test', unixTime: 1, trust }),
      );
      for (const tls of lines) tls.start();
      for (const tls of lines) tls.free();
      trust.free();
      memory.push(engine.memoryBytes);
    }
    // After the first round nothing grows.
    expect(new Set(memory).size).toBe(1);
    expect(memory[0]).toBeLessThanOrEqual(256 * 1024);
  });
});

test('an engine without a seed starts nothing', async () => {
  const [[, bench]] = (await programs('client')) as [(typeof benches)[number]];
  const engine = new TlsEngine(bench.program);
  const trust = engine.addRoots([authority.root.der]);
  const tls = engine.connect({ serverName: 'origin.test', unixTime: 1, trust });
  expect(() => tls.start()).toThrow(failure('TLS_NO_ENTROPY'));
  expect(ErrorCode.NoEntropy).toBeLessThan(0);
});
