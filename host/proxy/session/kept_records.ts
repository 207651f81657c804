// Records that passed and can't be read yet: the client releases their keys when nobody uses them any more.
import type { RecordCipher } from '../record/cipher.js';
import { ContentType } from '../record/cipher.js';

/** KeyUpdate (RFC 9846 §4.7.3) but for its last byte. */
const KEY_UPDATE = Buffer.from([24, 0, 0, 1]);

interface Kept {
  /** From 0, of all records of its direction. */
  index: number;
  record: Buffer;
}

/** Those of one direction, in order. */
export class KeptRecords {
  readonly #records: Kept[] = [];

  get count(): number {
    return this.#records.length;
  }

  add(index: number, record: Buffer): void {
    this.#records.push({ index, record: Buffer.from(record) });
  }

  clear(): void {
    this.#records.length = 0;
  }

  /**
   * Opens those of one epoch, which began at record `start`: up to its KeyUpdate, the first gap, or the first that does not
   * open. They are kept no longer, nor what came before them, which nobody reads. Gives the bytes of records that went, and how many
   * went unread.
   */
  openEpoch(
    start: number,
    cipher: (sequence: number) => RecordCipher,
    onContent: (type: ContentType, content: Buffer) => void,
  ): { freed: number; unread: number } {
    let freed = 0;
    let unread = 0;
    const take = () => {
      freed += this.#records.shift()!.record.length;
    };
    for (; this.#records[0] !== undefined && this.#records[0].index < start; unread++) take();
    const [first] = this.#records;
    if (first === undefined) return { freed, unread };
    const opening = cipher(first.index - start);
    try {
      for (let index = first.index; this.#records[0]?.index === index; index++) {
        const { type, content } = opening.open(this.#records[0].record);
        take();
        onContent(type, content);
        // RFC 9846 §5.1: a KeyUpdate ends its record, and in TLS 1.3 its epoch.
        if (type === ContentType.Handshake && content.subarray(-5, -1).equals(KEY_UPDATE)) break;
      }
    } catch {
      // Of a later epoch, or of none: nothing that these keys open comes behind it.
    } finally {
      opening.wipe();
    }
    return { freed, unread };
  }
}
