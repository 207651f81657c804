// Where the body of an HTTP/1.x message ends (RFC 9112 §6, §7), and the body in pieces: as it came, and as content.
import type { HeaderList } from '../../http/header_list.js';
import { SessionError, type SessionErrorCode } from '../error.js';
import type { ReadAhead } from '../streams/read_ahead.js';
import type { RequestHead, ResponseHead } from './head.js';
import type { Tally } from './tally.js';

export type Framing =
  | { kind: 'none' }
  | { kind: 'length'; length: number }
  | { kind: 'chunked' }
  | { kind: 'close' };

/** Some bytes of a body: the wire's own, framing included, and the content that lies in them. */
export interface Piece {
  raw: Buffer;
  content: Buffer[];
}

const CHUNK_LINE_LIMIT = 4096;
const TRAILER_LIMIT = 32_768;

/** Throws BAD_REQUEST where two readers could disagree. */
export function requestFraming({ headers, minorVersion }: RequestHead): Framing {
  const coding = headers.get('transfer-encoding');
  const length = contentLength(headers, 'BAD_REQUEST');
  if (coding !== undefined) {
    if (length !== undefined || minorVersion === 0 || coding.toLowerCase() !== 'chunked') {
      throw new SessionError('BAD_REQUEST', 'the framing of a request is ambiguous');
    }
    return { kind: 'chunked' };
  }
  return length === undefined ? { kind: 'none' } : { kind: 'length', length };
}

/** RFC 9112 §6.3. */
export function responseFraming({ headers, status }: ResponseHead, method: string): Framing {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' };
  const coding = headers.get('transfer-encoding');
  if (coding !== undefined) return /(^|,)\s*chunked$/i.test(coding) ? { kind: 'chunked' } : { kind: 'close' };
  const length = contentLength(headers, 'BAD_RESPONSE');
  return length === undefined ? { kind: 'close' } : { kind: 'length', length };
}

function contentLength(headers: HeaderList, code: SessionErrorCode): number | undefined {
  const joined = headers.get('content-length');
  if (joined === undefined) return undefined;
  const values = joined.split(/[\t ]*,[\t ]*/);
  const [value] = values as [string];
  if (!/^\d{1,15}$/.test(value) || values.some((other) => other !== value))
    throw new SessionError(code, 'a Content-Length is ambiguous');
  return Number(value);
}

/** A body as it is pulled, piece by piece, and counted. */
export class BodyReader {
  readonly #scanner: LengthScanner | ChunkScanner;
  /** Scanned and not taken. */
  #ahead: Piece[] = [];

  constructor(
    private readonly from: ReadAhead,
    private readonly framing: Framing,
    code: SessionErrorCode,
    private readonly tally: Tally,
  ) {
    if (framing.kind === 'chunked') this.#scanner = new ChunkScanner(code);
    else
      this.#scanner = new LengthScanner(
        framing.kind === 'close' ? Number.POSITIVE_INFINITY : lengthOf(framing),
      );
  }

  /** The next piece; undefined at the end. Throws TRUNCATED where the stream ends before the body does. */
  async next(): Promise<Piece | undefined> {
    for (;;) {
      const piece = this.nextNow();
      if (piece !== undefined || this.#scanner.done) return piece;
      if ((await this.from.fill()) !== false) continue;
      if (this.framing.kind === 'close') return undefined;
      throw new SessionError('TRUNCATED', 'a side ended inside the body of a message');
    }
  }

  /** The next piece where it is here already; undefined where it is not, or where there is none. */
  nextNow(): Piece | undefined {
    return this.#ahead.length > 0 ? this.#ahead.shift() : this.#scan();
  }

  /** All of the content, where it is here already and has no more than about `limit` bytes. It stays to be read. */
  wholeNow(limit: number): readonly Uint8Array[] | undefined {
    let bytes = 0;
    for (const { raw } of this.#ahead) bytes += raw.length;
    while (bytes <= limit) {
      const piece = this.#scan();
      if (piece === undefined) break;
      this.#ahead.push(piece);
      bytes += piece.raw.length;
    }
    return this.#scanner.done ? this.#ahead.flatMap(({ content }) => content) : undefined;
  }

  #scan(): Piece | undefined {
    while (!this.#scanner.done && (this.from.buffer.length > 0 || this.from.fillNow())) {
      const piece = this.#scanner.scan(this.from.buffer);
      this.from.take(piece.raw.length);
      for (const part of piece.content) this.tally.add(part);
      if (piece.raw.length > 0) return piece;
    }
    return undefined;
  }

  /** Content alone. */
  async *contents(): AsyncGenerator<Uint8Array, void, void> {
    for (let piece = await this.next(); piece !== undefined; piece = await this.next()) yield* piece.content;
  }
}

const lengthOf = (framing: Framing) => (framing.kind === 'length' ? framing.length : 0);

class LengthScanner {
  constructor(private left: number) {}

  get done(): boolean {
    return this.left === 0;
  }

  scan(bytes: Buffer): Piece {
    const raw = bytes.subarray(0, Math.min(bytes.length, this.left));
    this.left -= raw.length;
    return { raw, content: [raw] };
  }
}

/** Chunked transfer coding (RFC 9112 §7.1), whatever the cuts. */
class ChunkScanner {
  done = false;
  #state: 'size' | 'data' | 'data-end' | 'trailer' = 'size';
  #line = '';
  #left = 0;
  #trailerBytes = 0;

  constructor(private readonly code: SessionErrorCode) {}

  scan(bytes: Buffer): Piece {
    const content: Buffer[] = [];
    let at = 0;
    while (at < bytes.length && !this.done) {
      if (this.#state === 'data') {
        const data = bytes.subarray(at, at + this.#left);
        content.push(data);
        at += data.length;
        this.#left -= data.length;
        if (this.#left === 0) this.#state = 'data-end';
        continue;
      }
      const newline = bytes.indexOf(0x0a, at);
      const end = newline < 0 ? bytes.length : newline + 1;
      this.#line += bytes.toString('latin1', at, end);
      if (this.#line.length > CHUNK_LINE_LIMIT) throw this.#malformed();
      at = end;
      if (newline >= 0) this.#onLine();
    }
    return { raw: bytes.subarray(0, at), content };
  }

  #onLine(): void {
    const line = this.#line;
    this.#line = '';
    if (!line.endsWith('\r\n')) throw this.#malformed();
    const text = line.slice(0, -2);
    if (this.#state === 'data-end') {
      if (text !== '') throw this.#malformed();
      this.#state = 'size';
    } else if (this.#state === 'size') {
      const match = /^([0-9a-fA-F]{1,12})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/.exec(text);
      if (match === null) throw this.#malformed();
      this.#left = Number.parseInt(match[1]!, 16);
      this.#state = this.#left === 0 ? 'trailer' : 'data';
    } else {
      this.#trailerBytes += line.length;
      if (this.#trailerBytes > TRAILER_LIMIT) throw this.#malformed();
      this.done = text === '';
    }
  }

  #malformed(): SessionError {
    return new SessionError(this.code, 'a chunk of a body is malformed');
  }
}
