import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildLibrary } from '../../../boards/library/build.js';
import { STATUSES, statusOf } from '../../../boards/library/status.js';
import { findBoard } from '../../../boards/parts/boards.js';
import { RecordEngine } from '../../../host/engine/record.js';
import { loadV8 } from '../../../host/engine/v8.js';
import { type TestProxy, TOKEN, World } from '../../host/client/world.js';
import { examples, here, must, runs, scratch } from './programs.js';

const SANITIZED = ['-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'];
const STRICT = ['-Wall', '-Wextra', '-Werror', '-std=c99', '-D_POSIX_C_SOURCE=200809L'];
const PAGE = '<!DOCTYPE html><title>t</title><p>A page for a firmware.</p>\n';

describe('the library on this machine, sanitized', () => {
  const { folder, remove } = scratch();
  let world: World;
  let proxy: TestProxy;
  let roots: string;

  beforeAll(async () => {
    world = await World.create();
    proxy = await world.proxy();
    roots = join(folder, 'roots.pem');
    writeFileSync(roots, world.authority.root.pem);
    await buildLibrary(await findBoard('linux'), folder, { sanitize: true });
  });
  afterAll(async () => {
    await world.close();
    remove();
  });

  const compiled = (
    name: string,
    source = join(examples, `${name}.c`),
    library = 'deputy',
    ...more: string[]
  ) => {
    const flags = must('pkg-config', ['--cflags', '--libs', library], undefined, {
      PKG_CONFIG_PATH: join(folder, 'lib/pkgconfig'),
    });
    const program = join(folder, name);
    must('gcc', [
      ...SANITIZED,
      ...STRICT,
      source,
      ...flags.trim().split(/\s+/),
      '-ldeputy_port',
      '-lm',
      ...more,
      '-o',
      program,
    ]);
    return program;
  };
  const door = (at = proxy) => ['localhost', String(at.port), roots, TOKEN];

  test('fetches a page through a delegated session, and blinks meanwhile', async () => {
    const origin = await world.origin((_, response) => {
      // Slow enough for the light to go on and off: the program must not wait for the network.
      response.write(PAGE);
      setTimeout(() => response.end(PAGE), 400);
    });
    const active: string[] = [];
    proxy.server.events.on('active', ({ grant }) => active.push(grant));
    const { status, out, said } = await runs(compiled('fetch'), [`${origin.url}/`, ...door()]);
    expect({ status, out }).toEqual({ status: 0, out: PAGE + PAGE });
    expect(said).toMatch(/^\**status 200\n\*{3,}$/);
    expect(active).toEqual(['session']);
  });

  test('says why a page does not come, and gives all memory back', async () => {
    const program = compiled('fetch');
    const closed = await runs(program, ['https://localhost:1/', ...door()]);
    expect(closed.status).toBe(1);
    expect(closed.said).toMatch(/\(TARGET_UNREACHABLE|CONNECT_FAILED\)/);
    const malformed = await runs(program, ['no address', ...door()]);
    expect(malformed.said).toContain('(REQUEST_BAD_URL)');
    expect(malformed.said).toContain('an option is malformed, or missing');
  });

  test('serves another thread, several pages at once', async () => {
    const origin = await world.origin(({ url }, response) => response.end('x'.repeat(Number(url!.slice(1)))));
    const urls = [1, 1000, 70_000].map((size) => `${origin.url}/${size}`);
    const { status, out } = await runs(compiled('two_threads', undefined, undefined, '-lpthread'), [
      ...door(),
      ...urls,
    ]);
    expect(status).toBe(0);
    expect(out).toBe(urls.map((url) => `${url}: ${url.replace(/.*\//, '')} bytes, all is well\n`).join(''));
  });

  describe('with an instance', () => {
    let driver: string;
    beforeAll(() => {
      const wrapped = ['malloc', 'calloc', 'realloc'].map((name) => `-Wl,--wrap=${name}`);
      driver = compiled('driver', join(here, 'driver.c'), undefined, ...wrapped);
    });
    const drives = (...args: string[]) => runs(driver, [...door(), ...args]);
    const fine = (out: string) => ({ status: 0, out: `${out}shut: the instance has ended\n` });

    test('gives a body in pieces, and takes the answer as it has room', async () => {
      const origin = await world.origin(async (request, response) => {
        let body = '';
        for await (const bytes of request) body += bytes;
        const { method, headers } = request;
        response.setHeader('X-Test', `${method} ${headers['x-asked']} ${headers['transfer-encoding']}`);
        response.end(body);
      });
      expect(await drives('post', `${origin.url}/`)).toMatchObject(
        fine(
          'one head 200\none X-Test POST yes chunked\none took first\none took  seco\none took nd\none end all is well \n',
        ),
      );
    });

    test('goes beside another one', async () => {
      const origin = await world.origin((_, response) => response.end('page'));
      const { status, out } = await drives('two', `${origin.url}/`);
      expect(status).toBe(0);
      for (const name of ['one', 'two'])
        expect(out).toMatch(
          new RegExp(`${name} head 200\n(?:.*\n)*${name} took page\n(?:.*\n)*${name} end all is well`),
        );
      expect(out.match(/shut: the instance has ended/g)).toHaveLength(2);
    });

    test('breaks an exchange off, before it begins too, and goes on', async () => {
      const origin = await world.origin(({ url }, response) => {
        if (url === '/endless') response.write('begun');
        else response.end('page');
      });
      const { out } = await drives('cancel', `${origin.url}/endless`, `${origin.url}/`);
      expect(out).toMatch(
        /^one head 200\n(one took begun\n)?one end cancelled CANCELLED\none head 200\none took page\none end all is well \nshut/,
      );
      expect(await drives('unborn', `${origin.url}/`)).toMatchObject(fine('one end cancelled CANCELLED\n'));
    });

    test('may be asked for more from inside of a handler, and for nothing that would run it twice', async () => {
      const origin = await world.origin((_, response) => response.end('page'));
      const page = 'one head 200\none took page\none end all is well \n';
      expect(await drives('again', `${origin.url}/`)).toMatchObject(
        fine(`${page}one poll inside: this call is not allowed here, or not any more\n${page}`),
      );
    });

    test('opens a stream of bytes', async () => {
      const server = createServer(
        await world.authority
          .issue({ names: ['localhost'] })
          .then(({ keyPem, chainPem }) => ({ key: keyPem, cert: chainPem })),
        (socket) => {
          socket.on('error', () => {});
          let heard = '';
          socket.on('data', (bytes) => {
            heard += bytes;
            if (heard.endsWith('origin')) socket.end(`heard ${heard}`);
          });
        },
      );
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      world.onClose(() => server.close());
      const { port } = server.address() as AddressInfo;
      expect(await drives('stream', 'localhost', String(port))).toMatchObject(
        fine('one head 0\none took heard hello, origin\none end all is well \n'),
      );
    });

    test('is closed in the middle: the handler hears of it', async () => {
      const origin = await world.origin(() => {});
      expect(await drives('close', `${origin.url}/`)).toMatchObject({
        status: 0,
        out: 'one end cancelled CANCELLED\n',
      });
    });

    test('ends with NO_MEMORY wherever memory ends, leaks nothing, and the next one works', async () => {
      const origin = await world.origin((_, response) => response.end('page'));
      const { status, out, said } = await drives('starve', `${origin.url}/`, '997');
      expect({ status, said }).toEqual({ status: 0, said: '' });
      const lines = out.trim().split('\n');
      expect(lines.at(-1)).toBe('starved often');
      for (const line of lines.slice(0, -1)) expect(line).toMatch(/^one /);
    });
  });

  test('seals and opens records alone, the same as the host does', async () => {
    const { status, out } = await runs(compiled('records', undefined, 'deputy_record'), []);
    const wasm = readFileSync(new URL('../../../build/record.wasm', import.meta.url));
    const sealer = new RecordEngine(await loadV8(wasm)).sealer({
      ...{ cipherSuite: 0x1301, version: 0x0304 },
      key: Uint8Array.from({ length: 16 }, (_, i) => i),
      iv: Uint8Array.from({ length: 12 }, (_, i) => 0x80 + i),
    });
    const record = Buffer.from(sealer.seal(23, Buffer.from('a line for the other side'))).toString('hex');
    expect({ status, out }).toEqual({
      status: 0,
      out: `${record}\nchanged: refused\na line for the other side\n`,
    });
  });
});

describe('statuses', () => {
  test('are those of the header, in its order, each with a text', () => {
    const header = readFileSync(new URL('../../../boards/library/deputy.h', import.meta.url), 'utf8');
    const names = [
      .../typedef enum \{([\s\S]*?)\} DeputyStatus/.exec(header)![1]!.matchAll(/^ {2}DEPUTY_(\w+)/gm),
    ];
    expect(names.map(([, name]) => name)).toEqual([...STATUSES]);
  });

  test.each([
    ['TLS_UNKNOWN_CA', 'NOT_TRUSTED'],
    ['TLS_CERTIFICATE_EXPIRED', 'NOT_TRUSTED'],
    ['TLS_PEER_ALERT', 'TLS'],
    ['UNAUTHORIZED', 'PROXY'],
    ['POLICY_DENIED', 'DENIED'],
    ['TLS_TRUNCATED', 'INCOMPLETE'],
    ['HTTP_TRUNCATED', 'INCOMPLETE'],
    ['HTTP_BAD_HEAD', 'BAD_ANSWER'],
    [undefined, 'FAILED'],
  ])('%s is %s', (code, status) => {
    expect(STATUSES[statusOf(code)]).toBe(status);
  });
});
