// The README and the pages it leads to are true: every command in them runs here, or is one that CI runs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../host/cli/demo/authority/authority.js';
import { type Origin, startOrigin } from '../host/cli/demo/origins.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const PAGES = [
  ...['README.md', 'host/README.md', 'host/ERRORS.md', 'host/proxy/README.md', 'host/services/README.md'],
  ...['assembly/README.md', 'boards/README.md', 'test/README.md', 'host/delegation/README.md'],
  'host/gateway/README.md',
  ...['.github/CONTRIBUTING.md', '.github/SECURITY.md', 'CHANGELOG.md'],
];
const texts = await Promise.all(PAGES.map((page) => readFile(join(root, page), 'utf8')));
const readme = texts.join('\n');
const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1]!.trim());
const lines = blocks.flatMap((block) => block.split('\n'));
const command = join(root, 'dist/host/cli/deputy.js');

const TOKEN = 'the-token-of-this-test';
let folder: string;
let origin: Origin;

beforeAll(async () => {
  expect(existsSync(command), 'the project must be built: npm run build').toBe(true);
  folder = await mkdtemp(join(tmpdir(), 'deputy-readme-'));
  const authority = await createAuthority();
  const proxy = await authority.issue({ names: ['localhost'] });
  const issued = await authority.issue({ names: ['localhost'] });
  const files = {
    'proxy-chain.pem': proxy.chainPem,
    'proxy-key.pem': proxy.keyPem,
    'proxy-ca.pem': authority.root.pem,
    'roots.pem': authority.root.pem,
    tokens: TOKEN,
    deputy: `#!/bin/sh\nexec "${process.execPath}" "${command}" "$@"\n`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await chmod(join(folder, 'deputy'), 0o755);
  const body = '<html><script>no()</script><body><p>The page.</p></body></html>';
  origin = await startOrigin('node', {
    certificates: [issued],
    files: { '/': { type: 'text/html', body } },
  });
});

afterAll(async () => {
  await origin?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs `script` as its reader would, with the README's names led to this test's servers. */
function shell(script: string, proxyPort: number) {
  const local = script
    .replaceAll('https://www.example.com/', `https://localhost:${origin.port}/`)
    .replaceAll('proxy.example:8443', `localhost:${proxyPort}`)
    .replaceAll('*.example.com', 'localhost');
  const child = spawn('bash', ['-c', local], {
    cwd: folder,
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}`, TOKEN },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return child;
}

async function ended(child: ReturnType<typeof shell>) {
  let [out, err] = ['', ''];
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
  });
  const [code] = await once(child, 'close');
  return { code, out, err };
}

describe('the commands of the README', () => {
  let proxyPort: number;
  let proxy: ReturnType<typeof shell>;

  beforeAll(async () => {
    const line = lines.find((each) => each.startsWith('deputy proxy '))!;
    const more = '--json --log-level silent --allow-target 127.0.0.0/8 --allow-target ::1';
    proxy = shell(`exec ${line.replace('127.0.0.1:8443', '127.0.0.1:0')} ${more}`, 0);
    const [announced] = (await once(createInterface(proxy.stdout), 'line')) as [string];
    proxyPort = JSON.parse(announced).listening.port;
  });
  afterAll(() => {
    proxy?.kill();
  });

  const gets = lines.filter((line) => line.startsWith('deputy get '));
  test.each(gets)('%s', async (line) => {
    const { code, out, err } = await ended(shell(line, proxyPort));
    expect({ code, err: line.includes('--trace') ? '' : err }).toEqual({ code: 0, err: '' });
    const page = line.includes('-o page.html') ? await readFile(join(folder, 'page.html'), 'utf8') : out;
    expect(page).toContain('The page.');
    expect(page.includes('script')).toBe(line.includes('--direct'));
  });

  const gateways = lines.filter((line) => line.startsWith('deputy gateway ') && line.includes('--proxy '));
  test.each(gateways)('%s', async (line) => {
    const local = line.replace(/ --listen \S+/, '').replace('192.168.1.0/24', '127.0.0.0/8');
    const gateway = shell(`exec ${local} --listen 127.0.0.1:0 --ca roots.pem`, proxyPort);
    const over = ended(gateway);
    const [ready] = (await once(createInterface(gateway.stdout), 'line')) as [string];
    const at = `http://${/127\.0\.0\.1:\d+/.exec(ready)?.[0]}`;
    const page = await fetch(`${at}/https/localhost:${origin.port}/`);
    expect(await page.text()).toContain('The page.');
    expect(await (await fetch(`${at}/`)).text()).toContain(`localhost:${origin.port}`);
    gateway.kill();
    expect((await over).code).toBe(0);
  });

  test('a person is added to the gateway’s folder', async () => {
    const line = lines.find((each) => each.includes('--add-person'));
    expect(await ended(shell(`echo secret | ${line}`, 0))).toMatchObject({ code: 0, err: '' });
    expect(await readFile(join(folder, 'people/people.json'), 'utf8')).toContain('"anna"');
  });

  test('curl with a key log shows the transcoded page of an origin that it verified itself', async () => {
    const block = blocks.find((each) => each.startsWith('deputy keylog'))!;
    const { code, out, err } = await ended(shell(block, proxyPort));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('<p>The page.</p>');
    expect(out).not.toContain('script');
  });
});

describe('the configuration of the README', () => {
  beforeAll(async () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(readme)![1]!;
    await writeFile(join(folder, 'proxy.yaml'), example);
  });

  test('is right', async () => {
    const line = lines.find((each) => each.endsWith('--check-config'))!;
    expect(await ended(shell(line, 0))).toMatchObject({ code: 0, out: 'the configuration is right\n' });
  });

  test('runs a proxy that serves, shows itself, and stops', async () => {
    const line = lines.find((each) => each === 'deputy proxy --config proxy.yaml')!;
    const more =
      '--listen 127.0.0.1:0 --admin 127.0.0.1:0 --json --allow-target 127.0.0.0/8 --allow-target ::1';
    const proxy = shell(`exec ${line} ${more}`, 0);
    const over = ended(proxy);
    const [announced] = (await once(createInterface(proxy.stdout), 'line')) as [string];
    const { listening, admin } = JSON.parse(announced);
    const get = lines.find((each) => each.startsWith('deputy get '))!;
    const { code, out } = await ended(shell(get, listening.port));
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('The page.') });
    expect((await fetch(new URL('/readyz', admin))).status).toBe(200);
    proxy.kill();
    expect((await over).code).toBe(0);
    const logs = await Promise.all([1, 2].map((i) => readFile(join(folder, `audit.log-${i}`), 'utf8')));
    expect(logs.join('')).toContain('"method":"GET"');
  });
});

test('every other command is one that CI runs', async () => {
  const ci = await readFile(join(root, '.ci/run'), 'utf8');
  const others = lines.filter((line) => !/^(deputy|SSLKEYLOGFILE)/.test(line));
  expect(others.filter((line) => !ci.split('\n').includes(line))).toEqual([]);
});

test('the files and scripts that the README names are there', async () => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  for (const [, script] of readme.matchAll(/npm run ([\w:]+)/g))
    expect(Object.keys(scripts)).toContain(script);
  const paths = readme.matchAll(/`((?:assembly|host|boards|test)\/[\w./-]*)`/g);
  for (const [, path] of paths) expect(existsSync(join(root, path!)), path).toBe(true);
});
