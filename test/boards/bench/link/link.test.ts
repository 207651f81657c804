import { describe, expect, test } from 'vitest';
import { Flow } from '../../../../boards/bench/link/flow.js';
import { type Clock, HEADERS, Link, parseLink } from '../../../../boards/bench/link/link.js';

/** Time that passes when nothing is left to do at a moment. */
class Virtual implements Clock {
  #now = 0;
  readonly #due: { time: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  at(time: number, run: () => void): void {
    this.#due.push({ time, run });
  }

  /** Runs all there is. */
  run(): void {
    while (this.#due.length > 0) {
      let next = 0;
      for (const [i, { time }] of this.#due.entries()) if (time < this.#due[next]!.time) next = i;
      const [{ time, run }] = this.#due.splice(next, 1) as [{ time: number; run: () => void }];
      this.#now = Math.max(this.#now, time);
      run();
    }
  }
}

/** Sends `length` bytes over a connection of its own; gives when each piece arrived. */
function sends(link: Link, clock: Virtual, length: number, pieces: { time: number; length: number }[]): Flow {
  const flow = new Flow({
    ...{ there: link.down, back: link.up, segment: link.segment, clock },
    onBytes: (bytes) => pieces.push({ time: clock.now(), length: bytes.length }),
    onEnd: () => pieces.push({ time: clock.now(), length: 0 }),
  });
  flow.write(new Uint8Array(length));
  return flow;
}

describe('a link', () => {
  test.each([
    ['14.4k/600ms', 14_400, 600],
    ['1M/100ms', 1_000_000, 100],
    ['9600/1000ms', 9600, 1000],
  ])('%s is read', (text, bitsPerSecond, roundTrip) => {
    expect(parseLink(text)).toEqual({ name: text, bitsPerSecond, roundTrip });
  });

  test.each(['', '14.4k', '14.4k/600', '-1k/1ms', '0/1ms', '1G/1ms'])('%j is none', (text) => {
    expect(() => parseLink(text)).toThrow('a link is BITS/MILLISECONDS');
  });

  test('takes a packet as long as its bits and its headers’ need, and half a round trip', () => {
    const clock = new Virtual();
    const link = new Link(parseLink('8k/600ms'), clock);
    const arrived: number[] = [];
    // A kilobyte a second.
    link.down.send(960, () => arrived.push(clock.now()));
    link.down.send(460, () => arrived.push(clock.now()));
    clock.run();
    expect(arrived).toEqual([1000 + 300, 1500 + 300]);
    expect(link.down.bytes).toBe(960 + 460 + 2 * HEADERS);
    expect(link.up.bytes).toBe(0);
  });
});

describe('a connection over it', () => {
  test('brings all bytes in segments, then its end, and acknowledges every second segment', () => {
    const clock = new Virtual();
    const link = new Link(parseLink('56k/100ms'), clock);
    const pieces: { time: number; length: number }[] = [];
    const flow = sends(link, clock, 536 * 6 + 100, pieces);
    flow.end();
    clock.run();
    expect(pieces.map(({ length }) => length)).toEqual([536, 536, 536, 536, 536, 536, 100, 0]);
    expect(link.down.bytes).toBe(536 * 6 + 100 + 8 * HEADERS);
    // Three pairs, and the last by itself.
    expect(link.up.bytes).toBe(4 * HEADERS);
  });

  test('begins with ten segments and doubles by each round trip', () => {
    const clock = new Virtual();
    const link = new Link({ name: 'wide', bitsPerSecond: 1e12, roundTrip: 100 }, clock);
    const pieces: { time: number; length: number }[] = [];
    sends(link, clock, link.segment * 22, pieces);
    clock.run();
    const rounds = new Map<number, number>();
    for (const { time } of pieces)
      rounds.set(Math.round(time / 50), (rounds.get(Math.round(time / 50)) ?? 0) + 1);
    // The receiver's window of 32 KiB ends the doubling.
    expect([...rounds]).toEqual([
      [1, 10],
      [3, 12],
    ]);
  });

  test('shares it with another one, packet by packet, and tells how long bytes waited', () => {
    const clock = new Virtual();
    const link = new Link(parseLink('8k/0ms'), clock);
    const [one, two]: { time: number; length: number }[][] = [[], []];
    sends(link, clock, 536 * 4, one!);
    const second = sends(link, clock, 10, two!);
    clock.run();
    // Four packets of 576 bytes, at a kilobyte a second, stand before it.
    expect(second.longestWait).toBeCloseTo(4 * 576, 0);
    expect(two![0]!.time).toBeCloseTo(4 * 576 + 50, 0);
  });
});
