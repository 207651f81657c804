// Answers made of stored responses (RFC 9111 §4).
import { HeaderList } from '../../http/header_list.js';
import type { Answer } from '../service.js';
import { clientHasIt, partOf } from './conditional.js';
import type { Entry } from './entry.js';

/** RFC 9211: who answered, and why the origin did not. */
const STATUS = 'Cache-Status';

/** What a stored response says to this request: all of it, a part, or that the client has it. */
export function answerFrom(entry: Entry, request: HeaderList, detail = 'hit'): Answer {
  const headers = entry.headers.clone();
  headers.set('Age', String(entry.freshness.age)).append(STATUS, `deputy; ${detail}`);
  if (clientHasIt(request, entry)) {
    for (const name of ['Content-Length', 'Content-Encoding', 'Content-Type']) headers.delete(name);
    return { kind: 'answer', status: 304, reason: 'Not Modified', headers, body: new Uint8Array(0) };
  }
  const part = partOf(request, entry);
  const size = entry.body.length;
  if (part === undefined) {
    return { kind: 'answer', status: entry.status, reason: entry.reason, headers, body: entry.body };
  }
  if (part === 'unsatisfiable') {
    const range = new HeaderList([['Content-Range', `bytes */${size}`]]).append(STATUS, `deputy; ${detail}`);
    return { kind: 'answer', status: 416, reason: 'Range Not Satisfiable', headers: range, body: NOTHING };
  }
  headers.set('Content-Range', `bytes ${part.start}-${part.end - 1}/${size}`);
  const body = entry.body.subarray(part.start, part.end);
  return { kind: 'answer', status: 206, reason: 'Partial Content', headers, body };
}

/** RFC 9111 §5.2.1.7: the client wants no one to ask the origin. */
export function nothingStored(): Answer {
  const headers = new HeaderList([
    ['Content-Type', 'text/plain'],
    [STATUS, 'deputy; fwd=miss; detail=only-if-cached'],
  ]);
  const body = Buffer.from('nothing is stored that could answer this\n');
  return { kind: 'answer', status: 504, reason: 'Gateway Timeout', headers, body };
}

const NOTHING = new Uint8Array(0);
