// Connections whose clients have not shown yet who they are. Anybody can open many: they are bounded, each address by
// itself, and where there are too many an old one gives way to a new one. A client that knows what it wants is through
// before its turn comes.

/** How far one has come: nothing heard, bytes heard, TLS established. */
export type Stage = 'silent' | 'heard' | 'secured';

const STAGES: readonly Stage[] = ['silent', 'heard', 'secured'];

export interface StrangerBounds {
  /** At once from one address. */
  perAddress: number;
  /** At once in all. */
  total: number;
}

export interface Stranger {
  readonly address: string;
  readonly stage: Stage;
}

interface Entry {
  address: string;
  stage: Stage;
  drop: () => void;
}

/** Of one address, the oldest first in each stage. */
type Crowd = Record<Stage, Set<Entry>>;

const sizeOf = (crowd: Crowd) => STAGES.reduce((sum, stage) => sum + crowd[stage].size, 0);

export class Strangers {
  readonly #crowds = new Map<string, Crowd>();
  readonly #entries = new Map<Stranger, Entry>();

  constructor(private readonly bounds: StrangerBounds) {}

  get count(): number {
    return this.#entries.size;
  }

  /** Networks that they are of. */
  get networks(): number {
    return this.#crowds.size;
  }

  /** A new one, for which room is made. `drop` is called where it has to give way later: it has left by then. */
  enter(address: string, drop: () => void): Stranger {
    const network = networkOf(address);
    const own = this.#crowds.get(network);
    if (own !== undefined && sizeOf(own) >= this.bounds.perAddress) this.#dropFrom(own);
    else if (this.count >= this.bounds.total) this.giveWay();
    const entry: Entry = { address: network, stage: 'silent', drop };
    const crowd = this.#crowds.get(network) ?? { silent: new Set(), heard: new Set(), secured: new Set() };
    crowd.silent.add(entry);
    this.#crowds.set(network, crowd);
    this.#entries.set(entry, entry);
    return entry;
  }

  /** It has come further. Nothing happens where it has left. */
  reach(stranger: Stranger, stage: Stage): void {
    const entry = this.#entries.get(stranger);
    const crowd = entry && this.#crowds.get(entry.address);
    if (entry === undefined || crowd === undefined) return;
    crowd[entry.stage].delete(entry);
    entry.stage = stage;
    crowd[stage].add(entry);
  }

  /** It is none any more: its client is known, or it has gone. */
  leave(stranger: Stranger): void {
    const entry = this.#entries.get(stranger);
    const crowd = entry && this.#crowds.get(entry.address);
    if (entry === undefined || crowd === undefined) return;
    this.#entries.delete(stranger);
    crowd[entry.stage].delete(entry);
    if (sizeOf(crowd) === 0) this.#crowds.delete(entry.address);
  }

  /** Drops one of the address that has most. False where there is none. */
  giveWay(): boolean {
    let largest: Crowd | undefined;
    for (const crowd of this.#crowds.values())
      if (largest === undefined || sizeOf(crowd) > sizeOf(largest)) largest = crowd;
    if (largest === undefined) return false;
    this.#dropFrom(largest);
    return true;
  }

  /**
   * The oldest in the stage where most are. A flood fills one stage, whichever it is; a client that goes on passes
   * through all of them, and is the oldest of so many nowhere.
   */
  #dropFrom(crowd: Crowd): void {
    const fullest = STAGES.reduce((one, other) => (crowd[other].size > crowd[one].size ? other : one));
    const [oldest] = crowd[fullest];
    if (oldest === undefined) return;
    this.leave(oldest);
    oldest.drop();
  }
}

/** One holder of an IPv6 network has at least a /64 of addresses (RFC 6177 §2). */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
