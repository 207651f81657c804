// Names of origins and the patterns that match them.

/** A host name, IPv4 address or IPv6 address (without brackets), as it may stand in CONNECT and TUNNEL. */
export function isHost(text: string): boolean {
  if (text.length === 0 || text.length > 253) return false;
  if (text.includes(':')) return /^[0-9a-fA-F:]{2,39}(\.\d{1,3}){0,3}$/.test(text);
  return text
    .replace(/\.$/, '')
    .split('.')
    .every((label) => /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$/.test(label));
}

/** `host:port`, with brackets around an IPv6 address. */
export const authority = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/**
 * Parses `host:port`, `[v6]:port`, or a host alone where `defaultPort` is given. Undefined when it is none of these.
 */
export function parseAuthority(
  text: string,
  defaultPort?: number,
): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const host = match[1] ?? match[2]!;
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  if (port === undefined || port < 1 || port > 65535 || !isHost(host)) return undefined;
  return { host, port };
}

/** Which origins a rule speaks of. */
export interface OriginPattern {
  /** Lower case: a host, `*.domain` for all below a domain (not itself), or `*`. */
  host: string;
  /** Undefined for any port. */
  port: number | undefined;
}

/** Parses `host`, `host:port`, `*.domain`, `*.domain:port`, `*`, `*:port`, `[v6]:port`; undefined if malformed. */
export function parseOriginPattern(text: string): OriginPattern | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}|\*))?$/.exec(text);
  if (match === null) return undefined;
  const host = canonicalHost(match[1] ?? match[2]!);
  const port = match[3] === undefined || match[3] === '*' ? undefined : Number(match[3]);
  if (port !== undefined && (port < 1 || port > 65535)) return undefined;
  const name = host.startsWith('*.') ? host.slice(2) : host;
  // What was written counts, not what is left of it: `*.` must not become `*`.
  return (match[1] ?? match[2]) === '*' || isHost(name) ? { host, port } : undefined;
}

export function matchesOrigin(pattern: OriginPattern, host: string, port: number): boolean {
  if (pattern.port !== undefined && pattern.port !== port) return false;
  if (pattern.host === '*') return true;
  const name = canonicalHost(host);
  if (pattern.host.startsWith('*.'))
    return name.length > pattern.host.length - 1 && name.endsWith(pattern.host.slice(1));
  return name === pattern.host;
}

/** DNS names compare without case and without the final dot. */
const canonicalHost = (host: string): string => host.toLowerCase().replace(/\.$/, '');
