// The program's own memory: blocks never overlap, come back whole, and an empty heap is an answer, not a trap.
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../assembly/alert.js';
import { Flag, HandshakeType } from '../../assembly/handshake/protocol.js';
import { State } from '../../assembly/handshake/state.js';
import { type Authority, createAuthority, type Issued } from '../../host/cli/demo/authority/authority.js';
import { loadV8 } from '../../host/engine/v8.js';
import { loadWasm3 } from '../../host/engine/wasm3.js';
import { findAddon } from '../../host/platform/node/programs.js';
import { boundMemory } from './bounded.js';
import { DeviceError } from './handshake/device.js';
import { paths, type Row, tableRows, Walk } from './handshake/walk.js';
import { Bench, programs } from './programs.js';
import { CONTEXT, Direction } from './record/direction.js';
import { SUITES, TLS12, Twin } from './record/twin_protection.js';

const read = (target: string) =>
  readFile(
    process.env[`DEPUTY_${target.toUpperCase()}`] ?? new URL(`../../build/${target}.wasm`, import.meta.url),
  );
const [, primitives] = (await programs('primitives'))[0]!;
const rows = tableRows(primitives);
const PAGES = 4;
const encrypts = (row: Row) =>
  row.state === State.ExpectServerCertificate && row.next === State.ExpectRequestOrDone;

async function bounded(target: string): Promise<[string, () => Promise<Bench>][]> {
  const bytes = boundMemory(await read(target), PAGES);
  const engines: [string, () => Promise<Bench>][] = [['V8', async () => new Bench(await loadV8(bytes))]];
  const wasm3 = findAddon();
  if ('addon' in wasm3) engines.push(['wasm3', async () => new Bench(loadWasm3(wasm3.addon, bytes))]);
  else test.skip(`all of this on wasm3 (${wasm3.reason})`, () => {});
  return engines;
}

/** Repeatable noise. */
function noise(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
}

/** Takes all there is, in blocks that halve; what is left is less than 16 bytes in a piece. */
function exhaust({ exports }: Bench): [number, number][] {
  const taken: [number, number][] = [];
  for (let size = 65_536; size >= 16; size >>= 1) {
    for (let p = exports.allocate!(size); p !== 0; p = exports.allocate!(size)) taken.push([p, size]);
  }
  return taken;
}

/** How many blocks of 64 KiB there is room for. */
function largeBlocks(bench: Bench): number {
  const taken = exhaust(bench);
  for (const [pointer, size] of taken) bench.exports.release!(pointer, size);
  return taken.filter(([, size]) => size === 65_536).length;
}

test('nothing takes memory from AssemblyScript’s own runtime, which would lie in the same place', async () => {
  const folder = new URL('../../assembly/', import.meta.url);
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith('.ts')) continue;
    const text = await readFile(new URL(name, folder), 'utf8');
    expect(text, name).not.toMatch(/\bheap\.(alloc|realloc|free)\b|__alloc|__new/);
  }
});

describe.each(await bounded('client'))('memory with a bound on %s', (_, load) => {
  test('gives blocks that never overlap, zeroed, and takes them back whole', async () => {
    const bench = await load();
    const { allocate, release } = bench.exports;
    const next = noise(1);
    const held: [number, number, number][] = [];
    let refused = 0;
    for (let round = 0; round < 4000; round++) {
      if (held.length > 0 && next(5) < 2) {
        const [pointer, size, mark] = held.splice(next(held.length), 1)[0]!;
        expect(bench.get(pointer, size).every((byte) => byte === mark)).toBe(true);
        release!(pointer, size);
        continue;
      }
      const size = 1 + next(next(10) === 0 ? 30_000 : 600);
      const pointer = allocate!(size);
      if (pointer === 0) {
        refused++;
        for (const [p, n] of held.splice(0, held.length >> 1)) release!(p, n);
        continue;
      }
      expect(pointer % 8).toBe(0);
      expect(bench.get(pointer, size).every((byte) => byte === 0)).toBe(true);
      const mark = 1 + next(255);
      bench.program.memory().fill(mark, pointer, pointer + size);
      held.push([pointer, size, mark]);
    }
    expect(refused).toBeGreaterThan(0);
    for (const [pointer, size] of held) release!(pointer, size);
    expect(bench.program.memory().length).toBeLessThanOrEqual(PAGES * 65_536);
    const whole = allocate!(100_000);
    expect(whole).not.toBe(0);
  });

  test('connectionNew answers 0 where memory is full, and a freed connection makes room again', async () => {
    const bench = await load();
    const { connectionNew, connectionFree } = bench.exports;
    const connections: number[] = [];
    for (let c = connectionNew!(); c !== 0; c = connectionNew!()) connections.push(c);
    expect(connections.length).toBeGreaterThanOrEqual(4);
    expect(connectionNew!()).toBe(0);
    connectionFree!(connections.pop()!);
    const again = connectionNew!();
    expect(again).not.toBe(0);
    for (const c of [...connections, again]) connectionFree!(c);
    let count = 0;
    while (connectionNew!() !== 0) count++;
    expect(count).toBe(connections.length + 1);
  });

  test('a handshake in too little memory ends in NoMemory, never in a trap, and keeps nothing', async () => {
    const authority: Authority = await createAuthority({ keyType: 'ec-p256' });
    const issued: Issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
    const rsa: Issued = await authority.issue({ names: ['origin.test'], keyType: 'rsa-2048' });
    const own = await authority.issue({ names: ['me'], keyType: 'ec-p256', isClient: true });
    const bench = await load();
    const ways = [
      paths(rows, State.Connected).find(
        (p) => p.some((r) => r.message === HandshakeType.CertificateRequest) && p.length > 5,
      )!,
      paths(rows, State.Established).find((p) =>
        p.some((r) => r.message === HandshakeType.CertificateRequest),
      )!,
      paths(rows, State.Established).find(
        (p) => p.some(encrypts) && !p.some((r) => r.message === HandshakeType.CertificateRequest),
      )!,
    ];
    const codes = new Set<string>();
    for (const path of ways) {
      let done = 0;
      for (let room = 20_000; room < 48_000; room += 250) {
        const big = bench.exports.allocate!(room);
        const rest = exhaust(bench);
        bench.exports.release!(big, room);
        try {
          const asked = path.some((r) => r.message === HandshakeType.CertificateRequest);
          const options = { roots: [authority.root.der], ...(asked && { clientCertificate: own }) };
          const walk = new Walk(bench, issued, options, path, { rsa });
          try {
            walk.run();
            expect(walk.device.has(Flag.HandshakeDone)).toBe(true);
            done++;
          } finally {
            walk.free();
          }
        } catch (error) {
          expect(error).toBeInstanceOf(DeviceError);
          codes.add((error as Error).message);
        }
        // All of it came back, in one piece.
        const whole = bench.exports.allocate!(room);
        expect(whole).not.toBe(0);
        bench.exports.release!(whole, room);
        for (const [pointer, size] of rest) bench.exports.release!(pointer, size);
      }
      expect(done).toBeGreaterThan(0);
    }
    expect([...codes].filter((message) => !message.endsWith('NoMemory'))).toEqual([]);
    expect([...codes]).toEqual(expect.arrayContaining(['connectionNew: NoMemory', 'start: NoMemory']));
    expect(codes).toContain('inputReceived: NoMemory');
  });
});

describe.each(await bounded('primitives'))('the tables of DES on %s', (_, load) => {
  const suite = SUITES.find(({ name }) => name === 'RSA_WITH_3DES_EDE_CBC_SHA')!;

  test('where they have no room the suite is refused, and works once there is', async () => {
    const bench = await load();
    const init = bench.exports.protectionInit!;
    const twin = new Twin(suite, TLS12);
    const context = bench.room(CONTEXT);
    const keys = [twin.key, twin.iv, twin.macKey].map((bytes) => bench.put(bytes));
    const [most, taken] = [largeBlocks(bench), exhaust(bench)];
    expect(init(context, suite.id, TLS12, ...keys, 1)).toBe(ErrorCode.NoMemory);
    expect(bench.get(context, CONTEXT).every((byte) => byte === 0)).toBe(true);
    for (const [pointer, size] of taken) bench.exports.release!(pointer, size);
    bench.free();

    const [sealer, payload] = [new Direction(bench, twin, 1), Buffer.from('after all')];
    expect(twin.open(sealer.seal(23, payload) as Buffer)).toEqual({ type: 23, payload });
    expect(largeBlocks(bench)).toBe(most - 1);
    // A second key finds them made.
    new Direction(bench, twin, 0);
    expect(largeBlocks(bench)).toBe(most - 1);
  });
});
