// The operator's way to a device and back: `deputy device`, a real proxy, a real client with a management key.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { rootList } from '../../../boards/parts/roots.js';
import { run } from '../../../host/cli/command_line.js';
import { createAuthority } from '../../../host/cli/demo/authority/authority.js';
import type { ManagementOptions } from '../../../host/client/options.js';
import { type DeputyClient, HANDHELD } from '../../../host/index.js';
import { operatedProxy } from '../../../host/operator/operated.js';
import { operatorServer } from '../../../host/operator/server.js';
import type { DeviceView } from '../../../host/operator/view.js';
import { type TestProxy, testPlatform, World } from '../client/world.js';

const token = 'the-token-of-the-operator';
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let world: World;
let folder: string;
let proxy: TestProxy;
let admin: string[];
let origin: string;

beforeEach(async () => {
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-device-'));
  proxy = await world.proxy();
  const surroundings = { version: '1', listening: '', isStopping: () => false };
  const server = await operatorServer(operatedProxy(proxy.server, surroundings), {
    host: '127.0.0.1',
    port: 0,
    token,
  });
  world.onClose(() => server.close());
  admin = ['--admin', new URL(server.url).origin, '--admin-token-file', await write('token', token)];
  await write('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  origin = (await world.origin((_, response) => response.end('hello'))).url;
});
afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = 0;
  await world.close();
  await rm(folder, { recursive: true });
});

const file = (name: string) => join(folder, name);
async function write(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(file(name), content);
  return file(name);
}

async function deputy(...args: string[]) {
  const [out, err]: string[][] = [[], []];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => out!.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => err!.push(String(text)) > 0);
  process.exitCode = 0;
  const code = await run(['device', ...args]);
  vi.restoreAllMocks();
  return { code, out: out!.join(''), err: err!.join('') };
}

const sign = (counter: number, ...what: string[]) =>
  deputy(
    'sign',
    '--key',
    file('key.pem'),
    '--device',
    'palm-7',
    '--counter',
    `${counter}`,
    '--out',
    file(`${counter}`),
    ...what,
  );
const send = async (name: string) => deputy('send', file(name), ...admin, '--json');
const list = async (): Promise<DeviceView[]> =>
  JSON.parse((await deputy('list', ...admin, '--json')).out).devices;

/** A device that keeps what it keeps in `kept`. */
function device(kept: Map<string, Uint8Array>, more: Partial<ManagementOptions> = {}): DeputyClient {
  const storage = {
    load: (key: string) => kept.get(key)?.slice(),
    store: (key: string, bytes: Uint8Array) => kept.set(key, bytes.slice()) && true,
  };
  return world.through(proxy, {
    platform: testPlatform({ storage, heapPeak: () => 500 * 1024 }),
    profile: { ...HANDHELD, name: 'palm' },
    management: {
      device: 'palm-7',
      firmware: '1.4',
      key: publicKey.export({ type: 'spki', format: 'pem' }) as string,
      ...more,
    },
  });
}

test('an order reaches the device once, and what it did comes back', async () => {
  const notices: string[] = [];
  const client = device(new Map(), { onNotice: (text) => notices.push(text) });
  await (await client.fetch(origin)).text();
  expect(await list()).toMatchObject([
    {
      device: 'palm-7',
      client: 'token:tests',
      board: 'palm',
      firmware: '1.4',
      memory: 500,
      counter: 0,
      isHere: true,
    },
  ]);
  expect((await sign(3, '--notice', 'closed on Monday')).out).toBe(
    `${file('3')}: notice for palm-7, number 3\n`,
  );
  expect(JSON.parse((await send('3')).out)).toEqual({ devices: 1 });
  await expect.poll(async () => (await list())[0]?.receipts).toMatchObject([{ counter: 3, code: 'DONE' }]);
  await expect.poll(async () => (await list())[0]?.counter).toBe(3);
  expect(notices).toEqual(['closed on Monday']);
  // What is obeyed is given to nobody again.
  expect(JSON.parse((await send('3')).out)).toEqual({ devices: 0 });
  expect((await deputy('list', ...admin)).out).toMatch(
    /^palm-7 of token:tests: palm, firmware 1.4, 500 KiB at its peak, order 3, here\n {2}3 notice: DONE\n$/,
  );
  expect(notices).toHaveLength(1);
});

test('orders wait for a device that is away; roots that it was given hold, also after a restart', async () => {
  const kept = new Map<string, Uint8Array>();
  const other = await createAuthority();
  await write('roots.bin', await rootList(20_270_101, [other.root.der]));
  await sign(1, '--setting', 'timeout=30', '--setting', 'tls=1.3');
  await sign(2, '--roots', file('roots.bin'));
  for (const name of ['2', '1']) expect(JSON.parse((await send(name)).out)).toEqual({ devices: 0 });
  const settings: [string, string][] = [];
  const client = device(kept, { onSettings: (all) => settings.push(...all) });
  await client.subscriptions();
  await expect
    .poll(async () => (await list())[0]?.receipts.map(({ counter, code }) => [counter, code]))
    .toEqual([
      [1, 'DONE'],
      [2, 'DONE'],
    ]);
  expect(settings).toEqual([
    ['timeout', '30'],
    ['tls', '1.3'],
  ]);
  await expect.poll(async () => (await list())[0]?.roots).toBe(20_270_101);
  // The origin is none of these roots'.
  await expect(client.fetch(origin)).rejects.toMatchObject({ code: 'TLS_UNKNOWN_CA' });
  await client.close();
  await expect(device(kept).fetch(origin)).rejects.toMatchObject({ code: 'TLS_UNKNOWN_CA' });
});

test('a device without a management key ignores what is sent', async () => {
  const client = world.through(proxy);
  await (await client.fetch(origin)).text();
  await sign(1, '--forget');
  expect(JSON.parse((await send('1')).out)).toEqual({ devices: 0 });
  expect(await list()).toMatchObject([{ device: '', firmware: '', receipts: [] }]);
});

test('a changed order is sent, and obeyed by nobody', async () => {
  const notices: string[] = [];
  const client = device(new Map(), { onNotice: (text) => notices.push(text) });
  await client.subscriptions();
  await sign(1, '--notice', 'pay 10');
  const order = await readFile(file('1'));
  order[order.indexOf('pay 10') + 4]! ^= 8;
  await write('changed', order);
  expect(JSON.parse((await send('changed')).out)).toEqual({ devices: 1 });
  await expect.poll(async () => (await list())[0]?.receipts).toMatchObject([{ code: 'BAD_SIGNATURE' }]);
  expect(notices).toEqual([]);
});

test('a device without a clock goes to origins once a proxy has told it the time, and not before', async () => {
  const [right, wrong] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
  const asked: string[] = [];
  const page = await world.origin((request, response) =>
    response.end(asked.push(String(request.url)) && 'in time'),
  );
  const visit = async (timeKey: KeyObject | undefined, builtAt: number, handshake: number) => {
    let begun: { told: number; at: number } | undefined;
    const platform = testPlatform({
      now: () => (begun === undefined ? 0 : begun.told + performance.now() - begun.at),
      setTime: (told) => {
        begun = { told, at: performance.now() };
      },
    });
    const key = (of: KeyObject) => of.export({ type: 'spki', format: 'pem' }) as string;
    const management = {
      device: 'a',
      firmware: '1',
      key: key(publicKey),
      timeKey: key(right.publicKey),
      builtAt,
    };
    const teller = await world.proxy(timeKey && { timeKey });
    const client = world.through(teller, { platform, management, timeouts: { handshake } });
    return (await client.fetch(page.url)).text();
  };
  // Before any of these certificates began.
  const built = Date.now() - 900 * 86_400_000;
  expect(await visit(right.privateKey, built, 20_000)).toBe('in time');
  expect(asked).toHaveLength(1);
  // Nobody told it, somebody else did, or a proxy whose clock stands before the build.
  await expect(visit(undefined, built, 800)).rejects.toThrow();
  await expect(visit(wrong.privateKey, built, 800)).rejects.toThrow();
  await expect(visit(right.privateKey, Date.now() + 86_400_000, 800)).rejects.toThrow();
  expect(asked).toHaveLength(1);
});

test('says what is wrong', async () => {
  expect(await sign(1)).toMatchObject({ code: 2 });
  expect(await sign(1, '--forget', '--notice', 'x')).toMatchObject({ code: 2 });
  expect((await sign(1, '--roots', file('key.pem'))).err).toContain('(BAD_ROOTS)');
  await sign(1, '--forget');
  expect((await deputy('send', file('token'), ...admin)).err).toMatch(/\(FRAME_\w+\)/);
  expect((await deputy('send', file('none'), ...admin)).err).toContain('(FILE_UNREADABLE)');
  await write('wrong', 'another-token-of-somebody');
  const wrong = ['--admin', admin[1]!, '--admin-token-file', file('wrong')];
  for (const words of [['list'], ['send', file('1')]])
    expect((await deputy(...words, ...wrong)).err).toContain('(ADMIN_REFUSED)');
  await write('large', Buffer.alloc(70_000));
  expect((await deputy('send', file('large'), ...admin)).err).toContain('(FRAME_TOO_LONG)');
  expect((await deputy('list', '--help')).out).toContain('--json');
});
