import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  decodeTickets,
  encodeTickets,
  judgeName,
  KeptTickets,
} from '../../../../host/client/tls/kept_tickets.js';
import { nodePlatform, ticketFile } from '../../../../host/index.js';
import { TICKETS_LIMIT, type TicketStorage } from '../../../../host/platform/platform.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deputy-tickets-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Time stands still until it is told to go on. */
function world(saved?: Uint8Array) {
  const timers = new Set<() => void>();
  const saves: Uint8Array[] = [];
  const storage: TicketStorage = {
    load: async () => saved?.slice(),
    save: async (bytes) => void saves.push(bytes.slice()),
  };
  const platform = {
    setTimer(_: number, callback: () => void) {
      timers.add(callback);
      return () => void timers.delete(callback);
    },
  };
  const pass = () => {
    for (const timer of [...timers]) if (timers.delete(timer)) timer();
  };
  return { storage, platform, saves, timers, pass };
}

const ticket = (n: number) => new Uint8Array(40).fill(n);

describe('kept tickets', () => {
  test('come back as they were, in their order', async () => {
    const { storage, platform, saves } = world();
    const kept = await KeptTickets.open(storage, platform);
    for (const n of [1, 2]) kept.store.put('own a:443 x', ticket(n));
    kept.store.put('proxy p:8443 y', ticket(3));
    await kept.close();
    expect(saves).toHaveLength(1);
    const again = await KeptTickets.open(world(saves[0]).storage, platform);
    expect(again.store.take('own a:443 x')).toEqual(ticket(2));
    expect(again.store.take('own a:443 x')).toEqual(ticket(1));
    expect(again.store.take('proxy p:8443 y')).toEqual(ticket(3));
    await again.close();
  });

  test('are saved while the client runs too, several changes at once', async () => {
    const { storage, platform, saves, pass } = world();
    const kept = await KeptTickets.open(storage, platform);
    for (const n of [1, 2, 3]) kept.store.put('own a:443 x', ticket(n));
    pass();
    await kept.close();
    expect(saves.map((bytes) => decodeTickets(bytes).length)).toEqual([3]);
  });

  test('are saved without what was forgotten, and not at all where nothing changed', async () => {
    const { storage, platform, saves } = world(encodeTickets([{ server: 'own a:443 x', ticket: ticket(1) }]));
    await (await KeptTickets.open(storage, platform)).close();
    expect(saves).toEqual([]);
    const kept = await KeptTickets.open(storage, platform);
    kept.store.forget('own a:443 x');
    await kept.close();
    expect(decodeTickets(saves[0]!)).toEqual([]);
  });

  test('that must not be saved any more go at once, and stay with the client', async () => {
    const { storage, platform, saves } = world();
    const kept = await KeptTickets.open(storage, platform);
    kept.store.put('own a:443 x', ticket(1));
    kept.store.put('own b:443 x', ticket(2));
    kept.store.unsave((server) => server.includes(' a:'));
    await expect.poll(() => saves.length).toBe(1);
    expect(decodeTickets(saves[0]!).map(({ server }) => server)).toEqual(['own b:443 x']);
    expect(kept.store.take('own a:443 x')).toEqual(ticket(1));
    await kept.close();
    expect(saves).toHaveLength(1);
  });

  test('need no storage, and outlive one that fails', async () => {
    const { platform, timers } = world();
    const kept = await KeptTickets.open(undefined, platform);
    kept.store.put('a', ticket(1));
    expect(timers.size).toBe(0);
    await kept.close();
    const broken = {
      load: () => Promise.reject(new Error('no disk')),
      save: () => Promise.reject(new Error('full')),
    };
    const other = await KeptTickets.open(broken, platform);
    other.store.put('a', ticket(1));
    await other.close();
  });

  test('that are not what was saved are none', () => {
    const saved = encodeTickets([
      { server: 'own a:443 x', ticket: ticket(1) },
      { server: 'own b:443 x', ticket: ticket(2) },
    ]);
    expect(decodeTickets(saved)).toHaveLength(2);
    for (let length = 0; length < saved.length; length++) {
      // A cut between two entries is no matter for a storage that replaces all or nothing.
      expect([0, 1]).toContain(decodeTickets(saved.subarray(0, length)).length);
    }
    expect(decodeTickets(Uint8Array.of(2, ...saved.subarray(1)))).toEqual([]);
    expect(decodeTickets(new Uint8Array(TICKETS_LIMIT + 1))).toEqual([]);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decodeTickets(bytes)));
  });
});

describe('what judged a server', () => {
  const platform = nodePlatform();
  const roots = [ticket(1), ticket(2)];
  test('has one name, and another one where anything differs', () => {
    const name = judgeName(platform, roots, 'origin', 'false');
    expect(judgeName(platform, [...roots], 'origin', 'false')).toBe(name);
    const others = [
      judgeName(platform, [ticket(1)], 'origin', 'false'),
      judgeName(platform, [ticket(1), ticket(2), ticket(3)], 'origin', 'false'),
      judgeName(platform, roots, 'proxy', 'false'),
      judgeName(platform, roots, 'origin', 'true'),
      judgeName(platform, roots, 'originfalse'),
      judgeName(platform, [Buffer.concat(roots)], 'origin', 'false'),
    ];
    expect(new Set([name, ...others]).size).toBe(7);
    expect(judgeName({}, roots)).toBe('');
  });
});

describe('a file of tickets', () => {
  test('is its owner’s alone, replaced as a whole, and leaves nothing beside it', async () => {
    const path = join(folder, 'tickets');
    const file = ticketFile(path);
    await expect(file.load()).rejects.toMatchObject({ code: 'ENOENT' });
    await file.save(Uint8Array.of(1, 2, 3));
    await file.save(Uint8Array.of(4));
    expect([...(await file.load())!]).toEqual([4]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['tickets']);
  });

  test('that others may read, or that is too large, is not believed', async () => {
    const path = join(folder, 'open');
    await writeFile(path, Uint8Array.of(1));
    await chmod(path, 0o644);
    expect(await ticketFile(path).load()).toBeUndefined();
    await ticketFile(path).save(Uint8Array.of(1, 2));
    expect([...(await readFile(path))]).toEqual([1, 2]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeFile(path, new Uint8Array(TICKETS_LIMIT + 1));
    expect(await ticketFile(path).load()).toBeUndefined();
  });
});
