// A transport in memory: what one end writes the other reads, chopped as a test wants it.
import type { Transport } from '../../../host/platform/platform.js';

export class MemoryTransport implements Transport {
  peer!: MemoryTransport;
  written: Uint8Array[] = [];
  closed = false;
  /** Reads that were asked for: shows whether somebody reads ahead. */
  reads = 0;
  #incoming: (Uint8Array | undefined | Error)[] = [];
  #wake: (() => void) | undefined;

  async read(): Promise<Uint8Array | undefined> {
    this.reads++;
    while (this.#incoming.length === 0) {
      if (this.closed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const next = this.#incoming[0];
    if (next instanceof Error) throw next;
    if (next !== undefined) this.#incoming.shift();
    return next;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.closed) throw new Error('closed');
    this.written.push(bytes.slice());
    this.peer?.give(bytes.slice());
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#incoming.push(undefined);
    this.#wake?.();
    this.peer?.give(undefined);
  }

  /** Bytes that this end will read; undefined for the end of the stream, an Error for a broken one. */
  give(...chunks: (Uint8Array | string | undefined | Error)[]): this {
    this.#incoming.push(
      ...chunks.map((c) => (typeof c === 'string' ? new Uint8Array(Buffer.from(c, 'latin1')) : c)),
    );
    this.#wake?.();
    return this;
  }

  get text(): string {
    return Buffer.concat(this.written).toString('latin1');
  }
}

export function transportPair(): [MemoryTransport, MemoryTransport] {
  const pair: [MemoryTransport, MemoryTransport] = [new MemoryTransport(), new MemoryTransport()];
  pair[0].peer = pair[1];
  pair[1].peer = pair[0];
  return pair;
}

/** `text` in pieces of `size` characters. */
export function pieces(text: string, size: number): string[] {
  return text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
}

export async function collect(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk.slice());
  return Buffer.concat(chunks).toString('latin1');
}

/** The stable code of what `action` throws. */
export async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'no error';
}
