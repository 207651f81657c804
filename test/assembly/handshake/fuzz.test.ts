// Server flights bent at random: whatever comes, the device neither traps nor hangs, and says at most one fatal alert.
// DEPUTY_FUZZ=N runs N bends a flight instead of the default.
import { beforeAll, describe, expect, test } from 'vitest';
import { ContentType, Flag } from '../../../assembly/handshake/protocol.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { Device, DeviceError } from './device.js';
import { type KeptAll, keepSessions, paths, type Row, tableRows, Walk } from './walk.js';
import { join, plainRecord, splitRecords } from './wire.js';

const [, primitives] = (await programs('primitives'))[0]!;
const rows = tableRows(primitives);

/** xorshift32: the same bends on every run, and a seed to print. */
class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed || 1;
  }
  below(n: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % n;
  }
}

function bend(bytes: Buffer, random: Random): Buffer {
  const bent = Buffer.from(bytes);
  const at = random.below(bent.length);
  switch (random.below(6)) {
    case 0:
      bent[at]! ^= 1 << random.below(8);
      return bent;
    case 1:
      bent[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)]!;
      return bent;
    case 2:
      return bent.subarray(0, at);
    case 3:
      return join(bent.subarray(0, at), bent.subarray(Math.min(bent.length, at + 1 + random.below(8))));
    case 4:
      return join(
        bent.subarray(0, at),
        Buffer.alloc(1 + random.below(40), random.below(256)),
        bent.subarray(at),
      );
    default: {
      const from = random.below(bent.length);
      return join(bent.subarray(0, at), bent.subarray(from, from + random.below(64)), bent.subarray(at));
    }
  }
}

/** A walk whose messages are bent before they are sealed: what gets behind the record protection. */
class BentWalk extends Walk {
  bendAt = -1;
  random = new Random(1);
  steps = 0;

  override step(row: Row): void {
    const { write } = this.twin;
    if (this.steps++ === this.bendAt) {
      const seal = write.seal.bind(write);
      write.seal = (type: number, data: Uint8Array, padding?: number) =>
        type === ContentType.Handshake
          ? seal(type, bend(Buffer.from(data), this.random), padding)
          : seal(type, data, padding);
    }
    super.step(row);
  }
}

let authority: Authority;
let issued: Issued;
let rsa: Issued;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
  rsa = await authority.issue({ names: ['origin.test'], keyType: 'rsa-2048' });
});

describe.each(await programs('client'))('bent flights on %s', (engine, bench) => {
  const rounds = Number(process.env.DEPUTY_FUZZ ?? (engine === 'V8' ? 60 : 8));
  let kept: KeptAll;
  beforeAll(() => {
    kept = keepSessions(bench, issued, { roots: [authority.root.der] }, rows, rsa);
  });

  test.each(paths(rows).map((path, i) => [i, path] as const))('messages of sequence %i', (index, path) => {
    for (let round = 0; round < rounds; round++) {
      const walk = new BentWalk(bench, issued, { roots: [authority.root.der] }, path, kept);
      walk.random = new Random(index * 10_000 + round + 1);
      walk.bendAt = walk.random.below(path.length);
      try {
        walk.run();
      } catch (error) {
        // The twin may fail on what the device rightly took, too; a trap of the program is neither.
        expect(error, `seed ${index * 10_000 + round + 1}`).not.toBeInstanceOf(WebAssembly.RuntimeError);
        expect(String(error)).not.toMatch(/trap|unreachable|out of bounds/);
      }
      if (walk.device.get('lastError') < 0) expect(walk.device.has(Flag.Closed)).toBe(true);
      walk.free();
    }
  });

  test('bytes of no flight at all', () => {
    const random = new Random(77);
    for (let round = 0; round < rounds * 4; round++) {
      const device = new Device(bench, { roots: [authority.root.der] }).start();
      device.drain();
      const noise = Buffer.from(Array.from({ length: 300 }, () => random.below(256)));
      const bytes = random.below(2)
        ? noise
        : plainRecord(
            ContentType.Handshake,
            bend(join(Buffer.from([2, 0, 0, 100, 3, 3]), noise.subarray(0, 98)), random),
          );
      try {
        device.feed(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(DeviceError);
      }
      expect(splitRecords(device.drain()).length).toBeLessThanOrEqual(2);
      device.free();
    }
  });
});
