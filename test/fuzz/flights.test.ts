// The flights that fuzzing begins with reach what they are there for.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Flag } from '../../assembly/handshake/protocol.js';
import { Bench } from '../assembly/bench.js';
import { Device, DeviceError } from '../assembly/handshake/device.js';
import { compileVariant } from '../assembly/variant.js';
import { makeFlights } from './flights.js';
import { variants } from './variants.js';

const root = process.cwd();

/** The program with a heap outside, as the targets have it. */
async function load(module: WebAssembly.Module): Promise<Bench> {
  let end = 0;
  const heap = {
    take(length: number) {
      const address = (end + 15) & ~15;
      end = address + length;
      while (end > memory.buffer.byteLength) memory.grow(1);
      return address;
    },
    give() {},
  };
  const instance = await WebAssembly.instantiate(module, { heap });
  const memory = instance.exports.memory as WebAssembly.Memory;
  end = memory.buffer.byteLength;
  return new Bench({
    engine: 'v8',
    exports: instance.exports as Record<string, (...args: number[]) => number>,
    constants: {},
    memory: () => new Uint8Array(memory.buffer),
    close() {},
  });
}

test('flights in the clear bring the connections of the unsealed program up, and to their end', {
  timeout: 180_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'deputy-'));
  try {
    const file = join(folder, 'unsealed.wasm');
    await compileVariant(root, variants.unsealed, file, { optimized: false });
    const module = await WebAssembly.compile(await readFile(file));
    const roots = [await readFile(join(root, 'test/fuzz/keys/root.der'))];
    const { unsealed } = await makeFlights(root);
    expect(unsealed.length).toBeGreaterThan(20);
    const ends: string[] = [];
    for (const flight of unsealed) {
      const bench = await load(module);
      const sessionEnd = 4 + flight.readUInt16BE(2);
      const session = flight.subarray(4, sessionEnd);
      const device = new Device(bench, {
        roots,
        unixTime: 1_796_100_000,
        legacy: flight[0] === 3,
        ...(session.length > 0 && { session }),
      }).start();
      try {
        device.feed(flight.subarray(sessionEnd));
        ends.push(device.has(Flag.HandshakeDone) && device.has(Flag.PeerClosed) ? 'up' : 'not up');
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        ends.push(error.message);
      }
    }
    expect(new Set(ends)).toEqual(new Set(['up']));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
