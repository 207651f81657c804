// Whether every origin takes a request for one, and answers it with one message. Where some would not, what follows on the
// connection may be the answer to another question (RFC 9112 §11.2): it is for that client alone.
import type { Framing } from './framing.js';
import type { RequestHead } from './head.js';

/** Fields that have no say in where a message ends, how many answers there are, or which method is meant. */
const PLAIN_FIELDS =
  /^(host|user-agent|from|referer|origin|cookie|authorization|accept(-\w+)?|cache-control|pragma|range|dnt|priority|save-data|upgrade-insecure-requests|if-(none-match|modified-since|range)|sec-[a-z-]+)$/i;
const PLAIN_LINE = /^(connection: (close|keep-alive)|content-length: 0)$/i;

/** HEAD is none: there are origins that send a body in answer to it. */
export function staysInStep(
  { method, headers }: Pick<RequestHead, 'method' | 'headers'>,
  framing: Framing,
): boolean {
  const hasBody = framing.kind !== 'none' && !(framing.kind === 'length' && framing.length === 0);
  if (method !== 'GET' || hasBody) return false;
  return [...headers].every(
    ([name, value]) => PLAIN_FIELDS.test(name) || PLAIN_LINE.test(`${name}: ${value}`),
  );
}
