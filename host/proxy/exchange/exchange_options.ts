// What an exchange is given: its two peers, what services learn of it, and who hears of it.
import type { ByteStream } from '../streams/byte_stream.js';
import type { ReadAhead } from '../streams/read_ahead.js';
import type { ResponseReport } from './account.js';
import type { Journal } from './journal.js';
import type { FlowContext } from './service_call.js';

/** A stream, and what has been read ahead of it. */
export interface Side {
  stream: ByteStream;
  bytes: ReadAhead;
}

export interface ExchangeOptions {
  client: Side;
  origin: Side;
  flow: FlowContext;
  limits: { requestHeadBytes: number; responseHeadBytes: number };
  /** Which request on this session, from 1. */
  number: number;
  /** Undefined where nobody keeps a record. */
  journal: Journal | undefined;
  onRequest: (method: string, target: string) => void;
  /** What follows on the connection may not be the answer to what is asked; see in_step.ts. */
  onOutOfStep: () => void;
  onResponse: (report: ResponseReport) => void;
  /** Hash of the previous answer's receipt, or zeros. */
  previousHash: Uint8Array;
}
