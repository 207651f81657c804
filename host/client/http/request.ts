// Requests as bytes of HTTP/1.1. Nothing that a caller passes in can add a line or a second request.

import { authority } from '../../delegation/origin.js';
import { encodeUtf8 } from '../../delegation/text.js';
import type { HeaderLine } from '../../http/header_list.js';
import { httpError, isFieldValue, isToken } from './head.js';

/** Content to send: bytes of known length, or a stream that is sent in chunks. */
export type RequestBody = Uint8Array | AsyncIterable<Uint8Array>;

export interface HttpRequest {
  method: string;
  host: string;
  port: number;
  /** Path and query. */
  path: string;
  headers: readonly HeaderLine[];
  body?: RequestBody | undefined;
}

/** Fields that the connection itself writes. */
const OWN_FIELDS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'expect',
  'te',
]);

/** Start line and headers; `isLast` asks the origin to close after its answer. Throws REQUEST_BAD for anything that does not fit on its line. */
export function requestHead(request: HttpRequest, isLast = false): Uint8Array {
  const { method, path, body } = request;
  if (!isToken(method)) throw bad(`'${method}' is no method`);
  if (method === 'CONNECT' || method === 'TRACE') throw bad(`${method} is not for pages`);
  if (!/^\/[\x21-\x7e]*$/.test(path)) throw bad('the path holds characters that must be percent-encoded');
  const host = authority(request.host, request.port).replace(/:443$/, '');
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`];
  if (isLast) lines.push('Connection: close');
  for (const [name, value] of request.headers) {
    if (!isToken(name) || !isFieldValue(value)) throw bad(`the header '${printable(name)}' is malformed`);
    if (!OWN_FIELDS.has(name.toLowerCase())) lines.push(`${name}: ${value.trim()}`);
  }
  if (body instanceof Uint8Array) lines.push(`Content-Length: ${body.length}`);
  else if (body !== undefined) lines.push('Transfer-Encoding: chunked');
  else if (method === 'POST' || method === 'PUT' || method === 'PATCH') lines.push('Content-Length: 0');
  return latin1(`${lines.join('\r\n')}\r\n\r\n`);
}

/** One chunk of a streamed body (RFC 9112 §7.1); of no bytes, the end of the body. */
export function chunk(bytes: Uint8Array): Uint8Array {
  const size = encodeUtf8(`${bytes.length.toString(16)}\r\n`);
  const out = new Uint8Array(size.length + bytes.length + 2);
  out.set(size);
  out.set(bytes, size.length);
  out.set([13, 10], size.length + bytes.length);
  return out;
}

/** Header values are bytes: obs-text goes out as it came in. */
function latin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const printable = (text: string) => text.replace(/[^\x21-\x7e]/g, '?').slice(0, 40);

const bad = (message: string) => httpError('REQUEST_BAD', message);
