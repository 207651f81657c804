// URLs of requests and redirects (RFC 3986 §5) for a JavaScript engine that has no URL.
import { isHost } from '../../host/delegation/origin.js';
import { encodeUtf8, toHex } from '../../host/delegation/text.js';
import type { UrlParts } from '../../host/platform/platform.js';

const PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 };
const PARTS = /^(?:([a-z][a-z0-9+.-]*:))?(?:\/\/([^/?]*))?([^?]*)(\?.*)?$/i;

/** Undefined when `text`, relative to `base` where given, is no http or https URL with a host. */
export function parseUrl(text: string, base?: string): UrlParts | undefined {
  const from = base === undefined ? undefined : parseUrl(base);
  const match = PARTS.exec(text.replace(/#.*$/s, '').trim());
  if (match === null || (base !== undefined && from === undefined)) return undefined;
  const [, scheme, authority, path = '', query = ''] = match;
  const protocol = scheme?.toLowerCase() ?? from?.protocol;
  if (protocol === undefined || PORTS[protocol] === undefined) return undefined;
  if (authority === undefined) {
    if (scheme !== undefined || from === undefined) return undefined;
    return assembled(protocol, from, resolvedPath(from.path, path, query));
  }
  const place = parseAuthority(authority, PORTS[protocol]!);
  return place && assembled(protocol, place, escaped(withoutDots(path || '/')) + escaped(query));
}

function parseAuthority(text: string, defaultPort: number): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::(\d{0,5}))?$/i.exec(text);
  const host = (match?.[1] ?? match?.[2] ?? '').toLowerCase();
  const port = match?.[3] ? Number(match[3]) : defaultPort;
  return isHost(host) && port > 0 && port <= 65_535 ? { host, port } : undefined;
}

/** RFC 3986 §5.2.2, for references without an authority. */
function resolvedPath(from: string, path: string, query: string): string {
  const [fromPath = '/', fromQuery] = from.split(/(?=\?)/);
  if (path === '') return fromPath + escaped(query || (fromQuery ?? ''));
  const merged = path.startsWith('/') ? path : fromPath.slice(0, fromPath.lastIndexOf('/') + 1) + path;
  return escaped(withoutDots(merged)) + escaped(query);
}

/** RFC 3986 §5.2.4. */
function withoutDots(path: string): string {
  const out: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment === '..') out.pop();
    else if (segment !== '.') out.push(segment);
    if (last && (segment === '..' || segment === '.')) out.push('');
  }
  return `/${out.join('/')}`;
}

/** What may not stand in a request line, percent-encoded. */
const escaped = (text: string): string =>
  text.replace(/[^\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]/gu, (character) =>
    toHex(encodeUtf8(character)).replace(/../g, (byte) => `%${byte.toUpperCase()}`),
  );

function assembled(protocol: string, { host, port }: { host: string; port: number }, path: string): UrlParts {
  const name = host.includes(':') ? `[${host}]` : host;
  const suffix = port === PORTS[protocol] ? '' : `:${port}`;
  return { protocol, host, port, path, href: `${protocol}//${name}${suffix}${path}` };
}
