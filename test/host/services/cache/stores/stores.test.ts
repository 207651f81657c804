// Each store keeps what it was given, within its bounds, and loses nothing but hits.
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ENTRY_OVERHEAD, type Store } from '../../../../../host/services/cache/store.js';
import { DiskStore } from '../../../../../host/services/cache/stores/disk.js';
import { MemoryStore } from '../../../../../host/services/cache/stores/memory.js';
import { connected, RedisServer, redisIsInstalled } from '../redis_server.js';
import { pause } from '../world.js';

const name = (n: number) => n.toString(16).padStart(64, '0');
const open: Store[] = [];
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'deputy-cache-'));
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

const KINDS = {
  memory: async (limits: { bytes: number; entries: number }) => new MemoryStore(limits),
  disk: async (limits: { bytes: number; entries: number }) =>
    DiskStore.open(await mkdtemp(join(directory, 'store-')), limits),
};

describe.each(Object.entries(KINDS))('%s', (_, make) => {
  const started = async (limits = { bytes: 1 << 20, entries: 100 }) => {
    const store = await make(limits);
    open.push(store);
    return store;
  };

  test('gives back what it was given, until it is deleted or its time is over', async () => {
    const store = await started();
    await store.set(name(1), Buffer.from('one'), 60_000);
    await store.set(name(2), Buffer.from('two'), 500);
    expect(String(await store.get(name(1)))).toBe('one');
    expect(String(await store.get(name(2)))).toBe('two');
    await pause(510);
    expect(await store.get(name(2))).toBeUndefined();
    await store.set(name(1), Buffer.from('another'), 60_000);
    expect(String(await store.get(name(1)))).toBe('another');
    await store.delete(name(1));
    expect(await store.get(name(1))).toBeUndefined();
    expect(store.ledger.bytes).toBe(0);
  });

  test('forgets what was not used for longest when there are too many', async () => {
    const store = await started({ bytes: 1 << 20, entries: 3 });
    for (const n of [1, 2, 3]) await store.set(name(n), Buffer.from(String(n)), 60_000);
    await store.get(name(1));
    await store.set(name(4), Buffer.from('4'), 60_000);
    const kept = await Promise.all([1, 2, 3, 4].map(async (n) => (await store.get(name(n))) !== undefined));
    expect(kept).toEqual([true, false, true, true]);
  });

  test('stays within its bytes, whatever comes', async () => {
    const bytes = 64 * 1024;
    const store = await started({ bytes, entries: 1000 });
    for (let n = 0; n < 300; n++) {
      await store.set(name(n), Buffer.alloc((n * 7919) % 20_000), 60_000);
      expect(store.ledger.bytes).toBeLessThanOrEqual(bytes);
    }
    expect(store.ledger.entries).toBeGreaterThan(2);
    await store.set(name(999), Buffer.alloc(bytes - ENTRY_OVERHEAD + 1), 60_000);
    expect(await store.get(name(999))).toBeUndefined();
    expect(store.ledger.entries).toBeGreaterThan(2);
  });
});

describe('disk', () => {
  const limits = { bytes: 1 << 20, entries: 100 };
  const fresh = () => mkdtemp(join(directory, 'disk-'));

  test('takes over what an earlier process left, and its order of use', async () => {
    const folder = await fresh();
    const before = await DiskStore.open(folder, limits);
    for (const n of [1, 2, 3]) {
      await before.set(name(n), Buffer.from(`content ${n}`), 60_000);
      await pause(10);
    }
    await before.set(name(4), Buffer.from('short'), 1);
    const after = await DiskStore.open(folder, { ...limits, entries: 3 });
    expect(await after.get(name(1))).toBeUndefined();
    expect(String(await after.get(name(2)))).toBe('content 2');
    expect(await after.get(name(4))).toBeUndefined();
  });

  test('takes half a file, a file that vanished and leftovers for misses', async () => {
    const folder = await fresh();
    await writeFile(join(folder, `${name(7)}.0123456789abcdef`), 'half');
    await writeFile(join(folder, 'a file of somebody else'), 'stays');
    const store = await DiskStore.open(folder, limits);
    await store.set(name(1), Buffer.from('content'), 60_000);
    await store.set(name(2), Buffer.from('content'), 60_000);
    await truncate(join(folder, name(1)), 3);
    await rm(join(folder, name(2)));
    expect(await store.get(name(1))).toBeUndefined();
    expect(await store.get(name(2))).toBeUndefined();
    expect(await readdir(folder)).toEqual(['a file of somebody else']);
  });

  test('gives back no content that a lost power or a failing disk cut short or changed', async () => {
    const folder = await fresh();
    const store = await DiskStore.open(folder, limits);
    const content = Buffer.alloc(5000, 'content ');
    const damages: ((file: string, bytes: Buffer) => Promise<void>)[] = [
      (file, bytes) => truncate(file, bytes.length - 1),
      (file) => truncate(file, 45),
      (file, bytes) =>
        writeFile(file, Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096)])),
      (file, bytes) => writeFile(file, Buffer.concat([bytes, Buffer.from('more')])),
    ];
    for (const damage of damages) {
      await store.set(name(1), content, 60_000);
      expect(await store.get(name(1))).toEqual(content);
      const file = join(folder, name(1));
      await damage(file, await readFile(file));
      expect(await store.get(name(1))).toBeUndefined();
    }
  });

  test('keeps what others may not read', async () => {
    const folder = join(await fresh(), 'made');
    const store = await DiskStore.open(folder, limits);
    await store.set(name(1), Buffer.from('content'), 60_000);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, name(1)))).mode & 0o777).toBe(0o600);
  });

  test('refuses a name that is a path', async () => {
    const store = await DiskStore.open(await fresh(), limits);
    await expect(store.set('../escape', Buffer.from('x'), 1000)).rejects.toThrow(TypeError);
  });
});

// Without the Debian package redis-server there is no real server to test against.
describe.skipIf(!redisIsInstalled)('redis', () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(() => server.kill());

  test('is shared by two proxies, and keeps a time', async () => {
    const [one, other] = [await connected(server), await connected(server)];
    open.push(one, other);
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    await one.set(name(1), bytes, 60_000);
    await one.set(name(2), bytes, 50);
    expect(await other.get(name(1))).toEqual(bytes);
    await pause(80);
    expect(await other.get(name(2))).toBeUndefined();
    await other.delete(name(1));
    expect(await one.get(name(1))).toBeUndefined();
  });

  test('is all misses, at once, while its server is dead, and comes back with it', async () => {
    const states: string[] = [];
    const store = await connected(server, (state) => states.push(state));
    open.push(store);
    await store.set(name(1), Buffer.from('content'), 60_000);
    await server.kill();
    const started = Date.now();
    for (let n = 0; n < 20; n++) {
      expect(await store.get(name(1))).toBeUndefined();
      await expect(store.set(name(1), Buffer.from('lost'), 60_000)).rejects.toThrow();
    }
    expect(Date.now() - started).toBeLessThan(5000);
    await expect(store.delete(name(1))).rejects.toThrow();
    await server.run();
    await expect.poll(() => states, { timeout: 5000 }).toEqual(['ready', 'lost', 'ready']);
    await store.set(name(1), Buffer.from('again'), 60_000);
    expect(String(await store.get(name(1)))).toBe('again');
  });

  test('that hangs makes one wait and no other', async () => {
    const store = await connected(server);
    open.push(store);
    server.freeze();
    const started = Date.now();
    for (let n = 0; n < 50; n++) expect(await store.get(name(1))).toBeUndefined();
    expect(Date.now() - started).toBeLessThan(5000);
  });
});
