// `deputy proxy` as a process: reloaded by SIGHUP, and stopped by SIGTERM, with sessions that stand.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nodePlatform } from '../../../../host/index.js';
import { buildCommand, Command, deputy } from '../../../interop/command.js';
import { type TestOrigin, TOKEN, World } from '../../client/world.js';

let world: World;
let folder: string;
let origin: TestOrigin;
let waiting: ServerResponse[] = [];
let command: Command;
const path = (name: string) => join(folder, name);

beforeAll(async () => {
  buildCommand();
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-run-'));
  origin = await world.origin((request, response) => {
    if (request.url === '/slow') {
      response.write('first half, ');
      waiting.push(response);
    } else response.end('a page');
  });
  await certify();
});
afterEach(async () => {
  for (const response of waiting) response.end();
  waiting = [];
  command.child.kill('SIGKILL');
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

async function certify(names = ['localhost']) {
  const issued = await world.authority.issue({ names });
  await writeFile(path('proxy.pem'), issued.chainPem);
  await writeFile(path('proxy.key'), issued.keyPem);
}

const configuration = (more = '') => `
listen: 127.0.0.1:0
cert: proxy.pem
key: proxy.key
token-file: tokens
allow-target: 127.0.0.0/8
log-level: info
json: true
${more}`;

async function start(more = ''): Promise<number> {
  await writeFile(path('tokens'), `device:${TOKEN}\n`);
  await writeFile(path('proxy.yaml'), configuration(more));
  command = Command.start(['proxy', '--config', path('proxy.yaml')]);
  return Number((await command.says(/"port":(\d+)/))[1]);
}

const client = (port: number, token = TOKEN) =>
  world.through(
    { port },
    {
      platform: nodePlatform({ engine: 'v8' }),
      proxy: { host: 'localhost', port, roots: world.authority.root.pem, token },
    },
  );

async function untilWaiting(): Promise<void> {
  while (waiting.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('SIGHUP', () => {
  test('changes tokens, certificate, filter lists and log level; sessions that stand go on', async () => {
    await writeFile(path('list.txt'), '||nobody.test^\n');
    const port = await start('filter: [list.txt]');
    const old = client(port);
    expect(await (await old.fetch(origin.url)).text()).toBe('a page');
    const slow = await old.fetch(`${origin.url}/slow`);
    await writeFile(path('tokens'), 'device:another-token-altogether\n');
    await writeFile(path('list.txt'), '/forbidden\n');
    await certify(['localhost', 'renewed.test']);
    await writeFile(path('proxy.yaml'), configuration('filter: [list.txt]\nhold-time: 7'));
    command.child.kill('SIGHUP');
    await command.says(/configuration reloaded/);
    await command.says(/"options":\["hold-time"\]/);

    waiting[0]!.end('second half');
    expect(await slow.text()).toBe('first half, second half');
    // Its main session was admitted before; what it opens now is not.
    await expect(client(port).fetch(origin.url)).rejects.toThrow(/UNAUTHORIZED|token/);
    const renewed = client(port, 'another-token-altogether');
    expect(await (await renewed.fetch(origin.url)).text()).toBe('a page');
    expect((await renewed.fetch(`${origin.url}/forbidden`)).status).toBe(403);
    const socket = tlsConnect({
      port,
      host: '127.0.0.1',
      servername: 'renewed.test',
      ca: world.authority.root.pem,
    });
    await once(socket, 'secureConnect');
    socket.destroy();
  });

  test('with a wrong configuration changes nothing, and says why', async () => {
    const port = await start();
    await writeFile(path('tokens'), 'device:short\n');
    command.child.kill('SIGHUP');
    await command.says(/not reloaded/);
    await writeFile(path('proxy.yaml'), configuration('nonsense: 1'));
    command.child.kill('SIGHUP');
    await command.says(/no key 'nonsense'/);
    expect(await (await client(port).fetch(origin.url)).text()).toBe('a page');
  });
});

describe('SIGTERM', () => {
  test('ends idle sessions at once, lets an exchange end, and exits with 0', async () => {
    const port = await start('grace: 30');
    const idle = client(port);
    await (await idle.fetch(origin.url)).text();
    const slow = await client(port).fetch(`${origin.url}/slow`);
    await untilWaiting();
    command.child.kill('SIGTERM');
    await command.says(/stopping/);
    await command.says(/"code":"STOPPING"/);
    expect(command.child.exitCode).toBe(null);
    waiting[0]!.end('second half');
    expect(await slow.text()).toBe('first half, second half');
    expect(await command.ended).toBe(0);
  });

  test.each([
    ['a second time ends at once', 'grace: 60', true],
    ['cuts short what is not done in time', 'grace: 0.2', false],
  ])('%s, which the exit code tells', async (_, more, twice) => {
    const port = await start(more);
    const slow = await client(port).fetch(`${origin.url}/slow`);
    await untilWaiting();
    command.child.kill('SIGTERM');
    await command.says(/stopping/);
    if (twice) command.child.kill('SIGTERM');
    // Never a whole answer that is none.
    await expect(slow.text()).rejects.toThrow();
    expect(await command.ended).toBe(1);
    expect(command.stderr).toContain('"cut":1');
  });
});

test('what is asked about a configuration is answered, and nothing is started', async () => {
  await start();
  const printed = await deputy(['proxy', '--config', path('proxy.yaml'), '--print-config', '--grace', '9']);
  expect(printed).toMatchObject({ status: 0, stdout: expect.stringContaining('grace: 9') });
  const checked = await deputy(['proxy', '--config', path('proxy.yaml'), '--check-config']);
  expect(checked).toMatchObject({ status: 0, stdout: 'the configuration is right\n' });
  await writeFile(path('proxy.yaml'), configuration('sevice: [transcode]'));
  const wrong = await deputy(['proxy', '--config', path('proxy.yaml'), '--check-config']);
  expect(wrong).toMatchObject({ status: 1, stderr: expect.stringContaining("did you mean 'service'?") });
});

test('the operator finds page, metrics and health where only this machine does', async () => {
  const port = await start('admin: 127.0.0.1:0\ngrace: 30\naudit: audit.log');
  const { admin } = JSON.parse(command.stdout);
  const { origin: desk, searchParams } = new URL(admin);
  expect((await fetch(`${desk}/readyz`)).status).toBe(200);
  const slow = await client(port).fetch(`${origin.url}/slow`);
  await untilWaiting();
  expect(await (await fetch(`${desk}/metrics`)).text()).toContain(
    'deputy_sessions{state="active",grant="session"} 1',
  );
  const entered = await fetch(admin, { redirect: 'manual' });
  const live = await fetch(`${desk}/live`, { headers: { Cookie: entered.headers.get('set-cookie')! } });
  const reader = live.body!.pipeThrough(new TextDecoderStream()).getReader();
  const view = JSON.parse((await reader.read()).value!.replace(/^data: /, ''));
  void reader.cancel();
  expect(view.sessions).toMatchObject([{ client: 'token:device', latest: 'GET /slow', grant: 'session' }]);
  expect(view.audit.heads).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  expect(view.audit.entries.at(-1).text).toContain('/slow');
  command.child.kill('SIGTERM');
  await command.says(/stopping/);
  expect((await fetch(`${desk}/readyz`)).status).toBe(503);
  expect((await fetch(`${desk}/healthz`)).status).toBe(200);
  waiting[0]!.end();
  await slow.text();
  expect(await command.ended).toBe(0);
  // Printed for the person who starts the proxy, and logged for nobody.
  expect(command.stderr).not.toContain(searchParams.get('token'));
  const refused = await deputy(['proxy', '--config', path('proxy.yaml'), '--admin', '0.0.0.0:0']);
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('ADMIN_NOT_LOOPBACK') });
});

test('the log may be text for people', async () => {
  await writeFile(path('list.txt'), '%max-bytes 3\n');
  const port = await start('log-format: text\nfilter: [list.txt]');
  const refused = await client(port).fetch(`${origin.url}/hidden-path?key=hidden-key`);
  expect(refused.status).toBe(403);
  await command.says(/INFO.*response refused/s);
  await command.says(/INFO.*exchange done.*"status":403/s);
  expect(command.stderr).not.toContain('hidden');
});
