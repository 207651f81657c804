// One slow link between a device and the rest of the world, both ways, shared by all of its connections.

/** Time, in milliseconds: the machine's, or a test's own. */
export interface Clock {
  now(): number;
  at(time: number, run: () => void): void;
}

export const realClock: Clock = {
  now: () => performance.now(),
  at: (time, run) => void setTimeout(run, Math.max(0, time - performance.now())),
};

export interface LinkKind {
  /** As it was asked for: `14.4k/600ms`. */
  name: string;
  /** Each way. */
  bitsPerSecond: number;
  /** There and back, of a packet without length. */
  roundTrip: number;
}

/** `14.4k/600ms`, `1M/100ms`. Throws where it is none. */
export function parseLink(text: string): LinkKind {
  const [, number, unit = '', wait] = /^(\d+(?:\.\d+)?)([kM]?)\/(\d+(?:\.\d+)?)ms$/.exec(text) ?? [];
  const bitsPerSecond = Number(number) * ({ k: 1e3, M: 1e6 }[unit] ?? 1);
  if (wait === undefined || !(bitsPerSecond > 0)) {
    throw new Error(`a link is BITS/MILLISECONDS, such as 14.4k/600ms or 1M/100ms, not '${text}'`);
  }
  return { name: text, bitsPerSecond, roundTrip: Number(wait) };
}

/** IPv4 and TCP, without options (RFC 791, RFC 9293). */
export const HEADERS = 40;

/** One way: a packet after the other, none lost. */
export class Lane {
  /** Bytes that went, headers included. */
  bytes = 0;
  #free = 0;

  constructor(
    private readonly clock: Clock,
    private readonly kind: LinkKind,
  ) {}

  /** Sends a packet with `length` bytes in it; `arrived` runs at the other end. Gives the time at which it leaves. */
  send(length: number, arrived: () => void): number {
    const size = HEADERS + length;
    const starts = Math.max(this.#free, this.clock.now());
    this.bytes += size;
    this.#free = starts + (size * 8000) / this.kind.bitsPerSecond;
    this.clock.at(this.#free + this.kind.roundTrip / 2, arrived);
    return starts;
  }
}

export class Link {
  readonly up: Lane;
  readonly down: Lane;

  constructor(
    readonly kind: LinkKind,
    readonly clock: Clock = realClock,
  ) {
    this.up = new Lane(clock, kind);
    this.down = new Lane(clock, kind);
  }

  /** Bytes of content in a packet: what modems take (RFC 1144 §5), or Ethernet. */
  get segment(): number {
    return this.kind.bitsPerSecond < 500_000 ? 536 : 1460;
  }
}
