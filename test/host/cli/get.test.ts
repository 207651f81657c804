// `deputy get` as a person or a script runs it.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { rootList } from '../../../boards/parts/roots.js';
import { run } from '../../../host/cli/command_line.js';
import { authorityExtensions, createAuthority } from '../../../host/cli/demo/authority/authority.js';
import { certify, toPem } from '../../../host/cli/demo/authority/certificate.js';
import { progressLine, withProgress } from '../../../host/cli/output.js';
import type { ProxyOptions } from '../../../host/proxy/options.js';
import { transcode } from '../../../host/services/transcode/index.js';
import { TOKEN, World } from '../client/world.js';

let world: World;
let folder: string;
beforeEach(async () => {
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-cli-'));
  await writeFile(join(folder, 'ca.pem'), world.authority.root.pem);
});
afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = 0;
  await world.close();
  await rm(folder, { recursive: true });
});

const file = (name: string) => join(folder, name);

/** Runs the command; what it wrote and how it ended. */
async function deputy(...args: string[]) {
  const out: Buffer[] = [];
  const err: string[] = [];
  const writer = (keep: (chunk: Uint8Array | string) => void) =>
    ((chunk: Uint8Array | string, ...rest: unknown[]) => {
      keep(chunk);
      const callback = rest.find((item) => typeof item === 'function') as (() => void) | undefined;
      callback?.();
      return true;
    }) as typeof process.stdout.write;
  vi.spyOn(process.stdout, 'write').mockImplementation(writer((chunk) => out.push(Buffer.from(chunk))));
  vi.spyOn(process.stderr, 'write').mockImplementation(writer((chunk) => err.push(String(chunk))));
  process.exitCode = 0;
  const code = await run(args);
  vi.restoreAllMocks();
  process.exitCode = 0;
  return { code, out: Buffer.concat(out), text: Buffer.concat(out).toString(), err: err.join('') };
}

const page = (body: string | Buffer, status = 200) =>
  world.origin((request, response) => {
    response.statusCode = status;
    response.setHeader('x-asked', String(request.headers['x-ask']));
    response.end(body);
  });

const through = async (options: Partial<ProxyOptions> = {}) => {
  const { port } = await world.proxy(options);
  return [
    '--proxy',
    `localhost:${port}`,
    '--proxy-ca',
    file('ca.pem'),
    '--ca',
    file('ca.pem'),
    '--token',
    TOKEN,
  ];
};

describe('deputy get', () => {
  test.each([
    ['observe', '1.2'],
    ['observe', '1.3'],
    ['epoch', '1.3'],
    ['session', '1.3'],
    ['resume', '1.2'],
    ['resume', '1.3'],
    ['full', '1.2'],
  ])('gives the grant that it is told: %s at TLS %s', async (grant, version) => {
    const origin = await page('the page\n');
    const bounds = ['--expires', '60', '--uses', '2'];
    const args = ['--grant', grant, '--tls', version, ...bounds, '--json'];
    const { code, text } = await deputy('get', origin.url, ...(await through()), ...args);
    expect([code, JSON.parse(text)]).toEqual([
      0,
      expect.objectContaining({ delegated: true, grant, body: 'the page\n' }),
    ]);
  });

  test('lets the proxy have the pictures that the page has on its own origin, and no others', async () => {
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    );
    const picture: RequestListener = (_, response) => {
      response.setHeader('content-type', 'image/png');
      response.end(png);
    };
    const elsewhere = await world.origin(picture);
    const origin = await world.origin((request, response) => {
      if (request.url === '/mine.png') return picture(request, response);
      response.setHeader('content-type', 'text/html');
      response.end(`<p><img src="mine.png" alt="mine"><img src="${elsewhere.url}/its.png" alt="theirs"></p>`);
    });
    const { code, text } = await deputy('get', origin.url, ...(await through({ services: [transcode()] })));
    expect([code, text.match(/<img src="data:/g)]).toEqual([0, ['<img src="data:']]);
    expect(text).toMatch(/picture: theirs . refused/);
  });

  test('refuses bounds that are none', async () => {
    for (const bound of [
      ['--uses', '0'],
      ['--uses', '70000'],
      ['--expires', '1.5'],
    ]) {
      expect((await deputy('get', 'https://a.test/', '--ca', file('ca.pem'), ...bound)).code).toBe(2);
    }
  });

  test('prints the page, through a proxy and directly', async () => {
    const origin = await page('the page\n');
    expect(await deputy('get', origin.url, ...(await through()))).toMatchObject({
      code: 0,
      text: 'the page\n',
      err: '',
    });
    const direct = await deputy('get', origin.url, '--direct', '--ca', file('ca.pem'), '--tls', '1.2');
    expect(direct).toMatchObject({ code: 0, text: 'the page\n', err: '' });
  });

  test('takes a file of roots, and refuses a damaged one', async () => {
    const origin = await page('the page\n');
    const list = await rootList(1, [world.authority.root.der]);
    await writeFile(file('roots.bin'), list);
    const got = await deputy('get', origin.url, '--direct', '--ca', file('roots.bin'));
    expect(got).toMatchObject({ code: 0, text: 'the page\n', err: '' });
    await writeFile(file('roots.bin'), list.subarray(0, -1));
    const damaged = await deputy('get', origin.url, '--direct', '--ca', file('roots.bin'));
    expect(damaged).toMatchObject({ code: 1, text: '' });
    expect(damaged.err).toContain('(BAD_ROOTS)');
  });

  test('names a root that it can’t use once, and goes on with the others', async () => {
    const origin = await page('the page\n');
    const p521 = (await createAuthority({ keyType: 'ec-p521' })).root.pem;
    await writeFile(file('bundle.pem'), `${p521}${world.authority.root.pem}`);
    const got = await deputy('get', origin.url, '--direct', '--ca', file('bundle.pem'));
    expect(got).toMatchObject({ code: 0, text: 'the page\n' });
    expect(got.err).toMatch(/^deputy: --ca: skipped\n {2}root certificate 1 of 2: .*\n$/);
  });

  test('refuses an expired root, and takes it with --expired-roots', async () => {
    const origin = await page('the page\n');
    const { signer } = world.authority.root;
    const hour = 3_600_000;
    const expired = certify({
      subject: signer.name,
      publicKey: signer.key,
      issuer: signer,
      notBefore: new Date(Date.now() - 2 * hour),
      notAfter: new Date(Date.now() - hour),
      extensions: authorityExtensions(signer.key),
    });
    await writeFile(file('expired.pem'), toPem('CERTIFICATE', expired));
    const refused = await deputy('get', origin.url, '--direct', '--ca', file('expired.pem'));
    expect(refused.err).toContain('TLS_CERTIFICATE_EXPIRED');
    const taken = await deputy('get', origin.url, '--direct', '--ca', file('expired.pem'), '--expired-roots');
    expect(taken).toMatchObject({ code: 0, text: 'the page\n', err: '' });
  });

  test('reaches an origin of old with --legacy, and with nothing less', async () => {
    const origin = await world.origin((_, response) => response.end('old page\n'), {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1',
      ciphers: 'ALL:@SECLEVEL=0',
    });
    const refused = await deputy('get', origin.url, '--direct', '--ca', file('ca.pem'));
    expect(refused).toMatchObject({ code: 1, text: '' });
    const old = await deputy(
      'get',
      origin.url,
      '--direct',
      '--ca',
      file('ca.pem'),
      '--legacy',
      '--tls',
      '1.0',
    );
    expect(old).toMatchObject({ code: 0, text: 'old page\n' });
  });

  test('writes a file, bytes unchanged', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) & 255));
    const origin = await page(bytes);
    const result = await deputy('get', origin.url, ...(await through()), '-o', file('page'));
    expect(result).toMatchObject({ code: 0, text: '', err: '' });
    expect((await readFile(file('page'))).equals(bytes)).toBe(true);
  });

  test('tells all in one JSON object', async () => {
    const origin = await page('the page');
    const result = await deputy(
      'get',
      origin.url,
      ...(await through()),
      '--json',
      '-H',
      'X-Ask: this',
      '--engine',
      'v8',
    );
    expect(result.code).toBe(0);
    const object = JSON.parse(result.text);
    expect(object).toMatchObject({
      ok: true,
      status: 200,
      bytes: 8,
      engine: 'v8',
      delegated: true,
      grant: 'session',
      tlsVersion: 'TLS 1.3',
      receipts: [{ services: [], bytesBefore: 8, bytesAfter: 8 }],
      body: 'the page',
    });
    expect(object.headers).toContainEqual(['x-asked', 'this']);
  });

  test.each(['none', 'full'])('with grant %s', async (grant) => {
    const origin = await page('the page');
    const result = await deputy('get', origin.url, ...(await through()), '--grant', grant, '--json');
    expect(JSON.parse(result.text)).toMatchObject({ delegated: grant !== 'none', body: 'the page' });
  });

  test('explains with --trace, and the page stays on standard output', async () => {
    const origin = await page('the page');
    const result = await deputy('get', origin.url, ...(await through()), '--trace');
    expect(result.text).toBe('the page');
    for (const text of ['ClientHello', 'frame type DELIVER', 'bytes, not shown', 'The proxy is active']) {
      expect(result.err).toContain(text);
    }
    expect(result.err).not.toContain(TOKEN);
  });

  test('fails with a code, and says what to do next', async () => {
    const origin = await page('no such page', 404);
    const missing = await deputy('get', origin.url, ...(await through()));
    expect(missing).toMatchObject({ code: 1, text: 'no such page' });
    expect(missing.err).toContain('answered 404 Not Found');

    const other = await World.create();
    await writeFile(file('other.pem'), other.authority.root.pem);
    const wrongCa = await deputy('get', origin.url, '--direct', '--ca', file('other.pem'));
    expect(wrongCa).toMatchObject({ code: 60, text: '' });
    expect(wrongCa.err).toMatch(/^deputy: the origin localhost:\d+: .*\(TLS_[A-Z_]+\)\n$/);

    const noFile = await deputy('get', origin.url, '--direct', '--ca', file('nothing.pem'));
    expect(noFile).toMatchObject({ code: 1 });
    expect(noFile.err).toMatch(/--ca: .*can't be read \(ENOENT\)/);

    const json = await deputy('get', 'https://localhost:1/', ...(await through()), '--json');
    expect(json.code).toBe(7);
    expect(JSON.parse(json.text)).toMatchObject({ ok: false, error: { code: 'TARGET_UNREACHABLE' } });
  });

  test.each([
    [['get', '--direct', '--ca', 'x'], "missing required argument 'url'"],
    [['get', 'ftp://a/', '--direct', '--ca', 'x'], 'is no https: URL'],
    [['get', 'https://a/', '--ca', 'x'], 'name the proxy with --proxy'],
    [['get', 'https://a/', '--proxy', 'p:1', '--ca', 'x'], 'the proxy must be verified'],
    [['get', 'https://a/', '--proxy', 'p', '--proxy-ca', 'x', '--ca', 'x'], 'HOST:PORT'],
    [['get', 'https://a/', '--direct', '--proxy', 'p:1', '--ca', 'x'], 'exclude each other'],
    [['get', 'https://a/', '--direct', '--ca', 'x', '--grant', 'all'], 'Choose one of none, observe'],
    [['get', 'https://a/', '--direct', '--ca', 'x', '--tls', '1.4'], 'Choose 1.2 or 1.3'],
    [['get', 'https://a/', '--direct', '--ca', 'x', '--tls', '1.1'], 'needs --legacy'],
    [['get', 'https://a/', '--direct', '--ca', 'x', '--cert', 'x'], 'go together'],
    [['get', 'https://a/', '--direct', '--ca', 'x', '--device', '0x5'], '1 to 65535 pixels'],
    [['get', 'https://a/', '--direct', '--ca', 'x', '--allow-tunnel', 'a..b'], 'Write a host'],
    [['get', 'https://a/', '--direct', '--resolve', 'a=b'], 'Write HOST=ADDRESS'],
    [['get', 'https://a/', '--direct', '--ca', 'x', '--colour'], "unknown option '--colour'"],
    [['fetch'], "unknown command 'fetch'"],
    [[], 'Usage: deputy'],
  ])('used wrongly ends with 2: %j', async (args, message) => {
    const result = await deputy(...args);
    expect(result.code).toBe(2);
    expect(result.err).toContain(message);
    expect(result.text).toBe('');
  });

  test('trusts the roots of the system unless told others, and takes addresses of names', async () => {
    const origin = await page('the page\n');
    const { port } = new URL(origin.url);
    const named = ['get', `https://localhost:${port}/`, '--direct', '--resolve', 'localhost=127.0.0.1'];
    expect(await deputy(...named)).toMatchObject({
      code: 60,
      err: expect.stringContaining('TLS_UNKNOWN_CA'),
    });
    vi.stubEnv('SSL_CERT_FILE', file('ca.pem'));
    expect(await deputy(...named)).toMatchObject({ code: 0, text: 'the page\n' });
    vi.unstubAllEnvs();
  });

  test('help and version end with 0', async () => {
    const help = await deputy('get', '--help');
    expect(help.code).toBe(0);
    expect(help.text).toContain('--allow-tunnel');
    expect(help.text).toContain('Exit codes');
    expect(await deputy('--version')).toMatchObject({ code: 0, text: '0.1.0\n' });
  });
});

describe('progress', () => {
  async function* slowly() {
    for (let i = 0; i < 4; i++) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      yield new Uint8Array(1000);
    }
  }
  const show = async (isTTY: boolean) => {
    let written = '';
    const terminal = { isTTY, write: (text: string) => (written += text) } as unknown as NodeJS.WriteStream;
    for await (const _ of withProgress(slowly(), 4000, terminal)) {
      // only what is shown matters
    }
    return written;
  };

  test('is shown on a terminal and cleared at the end, and not in a pipe', async () => {
    const shown = await show(true);
    expect(shown).toContain('\r\u001b[K75 %  2.9 KiB of 3.9 KiB');
    expect(shown.endsWith('\r\u001b[K')).toBe(true);
    expect(await show(false)).toBe('');
  });

  test('without a known length counts bytes', () => {
    expect(progressLine(3 << 20, undefined, 2000)).toBe('3.0 MiB  1.5 MiB/s');
    expect(progressLine(100, 0, 1000)).toBe('100 bytes  100 bytes/s');
  });
});
