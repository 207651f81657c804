// Tickets that survive a restart: one list of bytes, which the platform keeps.
import { FieldReader, FieldWriter } from '../../delegation/bytes.js';
import { encodeUtf8, toHex } from '../../delegation/text.js';
import { type Platform, TICKETS_LIMIT, type TicketStorage } from '../../platform/platform.js';
import { TicketStore } from './tickets.js';

const FORMAT = 1;
const NAME_LIMIT = 512;
/** SESSION_MAX of the engine. */
const BLOCK_LIMIT = 4608;
/** Milliseconds in which changes are saved as one. */
const PATIENCE = 1000;

/** A store, and how it is saved as it changes. */
export class KeptTickets {
  readonly store = new TicketStore((urgent) => this.#changed(urgent));
  #cancel: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();
  /** Changes are none of the client's while it is not. */
  #isOpen = false;

  private constructor(
    private readonly storage: TicketStorage | undefined,
    private readonly platform: Pick<Platform, 'setTimer'>,
  ) {}

  /** With what was saved. What can't be read is as good as nothing. */
  static async open(
    storage: TicketStorage | undefined,
    platform: Pick<Platform, 'setTimer'>,
  ): Promise<KeptTickets> {
    const kept = new KeptTickets(storage, platform);
    const bytes = await storage?.load().catch(() => undefined);
    for (const { server, ticket } of decodeTickets(bytes ?? new Uint8Array(0)))
      kept.store.put(server, ticket);
    bytes?.fill(0);
    kept.#isOpen = true;
    return kept;
  }

  /** Saves what has changed, and forgets all. */
  async close(): Promise<void> {
    this.#isOpen = false;
    if (this.#cancel !== undefined) this.#save();
    this.store.clear();
    await this.#saving;
  }

  #changed(urgent = false): void {
    if (!this.#isOpen || this.storage === undefined) return;
    if (urgent) this.#save();
    else this.#cancel ??= this.platform.setTimer(PATIENCE, () => this.#save());
  }

  #save(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const bytes = encodeTickets(this.store.entries());
    this.#saving = this.#saving
      .then(() => this.storage?.save(bytes))
      .catch(() => {})
      .finally(() => bytes.fill(0));
  }
}

interface Entry {
  server: string;
  ticket: Uint8Array;
}

export function encodeTickets(entries: Iterable<Entry>): Uint8Array {
  const out = new FieldWriter();
  out.u8(FORMAT);
  for (const { server, ticket } of entries) out.text(16, server, NAME_LIMIT).vector(16, ticket, BLOCK_LIMIT);
  return out.finish();
}

/** Copies of what is in it; nothing where it is not what was encoded. */
export function decodeTickets(bytes: Uint8Array): Entry[] {
  if (bytes.length > TICKETS_LIMIT) return [];
  const entries: Entry[] = [];
  try {
    const reader = new FieldReader(bytes);
    if (reader.u8() !== FORMAT) return [];
    while (reader.left > 0) {
      const server = reader.text(16, NAME_LIMIT);
      entries.push({ server, ticket: reader.vector(16, BLOCK_LIMIT) });
    }
    return entries;
  } catch {
    for (const { ticket } of entries) ticket.fill(0);
    return [];
  }
}

/**
 * A name for what judged a server: its roots, and whatever else let its certificate pass. A ticket is used again where all that
 * is the same, for a session that resumes asks nothing of a certificate. Empty where the platform does not hash.
 */
export function judgeName(
  { sha256 }: Pick<Platform, 'sha256'>,
  roots: readonly Uint8Array[],
  ...facts: readonly string[]
): string {
  const digest = sha256?.();
  if (digest === undefined) return '';
  // Lengths go first: no two lists are the same bytes.
  const all = [...roots, ...facts.map(encodeUtf8)];
  const lengths = new Uint8Array(4 * all.length);
  for (const [i, { length }] of all.entries()) new DataView(lengths.buffer).setUint32(4 * i, length);
  for (const part of [lengths, ...all]) digest.update(part);
  return toHex(digest.digest());
}
