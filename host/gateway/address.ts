// Where a browser's request leads: the two ways of writing it, and the addresses that pages are given back.
import { authority } from '../delegation/origin.js';

export type Scheme = 'http' | 'https';

export interface WebAddress {
  scheme: Scheme;
  /** Lower case; an IPv6 address without brackets. */
  host: string;
  port: number;
  /** Path and query, starting with `/`. */
  path: string;
}

/**
 * How a browser writes addresses: `proxy` for one that has a proxy setting and asks for `http://host/path`, `path` for
 * one that has none and asks for `/https/host/path`.
 */
export type AddressForm = 'proxy' | 'path';

export type Target =
  | { kind: 'page'; form: AddressForm; address: WebAddress }
  /** The gateway's own pages. */
  | { kind: 'own'; form: AddressForm; path: string }
  | { kind: 'bad'; reason: string };

/** The name under which a browser with a proxy setting finds the gateway's own pages. */
export const OWN_HOST = 'deputy';

/** Longer addresses are of no page that an old browser can ask for. */
export const ADDRESS_LIMIT = 8192;

const DEFAULT_PORTS: Readonly<Record<Scheme, number>> = { http: 80, https: 443 };

export const isDefaultPort = ({ scheme, port }: WebAddress): boolean => port === DEFAULT_PORTS[scheme];

/** `host`, `host:port`, `[v6]:port`: the port is left out where the scheme says it. */
export const hostOf = (address: WebAddress): string =>
  authority(address.host, address.port).replace(new RegExp(`:${DEFAULT_PORTS[address.scheme]}$`), '');

export const urlOf = (address: WebAddress): string => `${address.scheme}://${hostOf(address)}${address.path}`;

/** Undefined for what is no http: or https: URL with a host. A fragment is dropped. */
export function parseAddress(text: string, base?: WebAddress): WebAddress | undefined {
  const from = base === undefined ? undefined : urlOf(base);
  if (text.length > ADDRESS_LIMIT || !URL.canParse(text, from)) return undefined;
  const { protocol, hostname, port, pathname, search } = new URL(text, from);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  const scheme = protocol.slice(0, -1) as Scheme;
  const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  if (host === '') return undefined;
  return { scheme, host, port: port === '' ? DEFAULT_PORTS[scheme] : Number(port), path: pathname + search };
}

/**
 * Reads the target of a request line (RFC 9112 §3.2): absolute for a proxy, a path for a server. `isSelf` says whether a
 * host and port are the gateway's own, which a browser may ask for through its proxy setting.
 */
export function readTarget(text: string, isSelf: (host: string, port: number) => boolean): Target {
  if (text.startsWith('/')) return readPath(text);
  const address = parseAddress(text);
  if (address === undefined) return { kind: 'bad', reason: 'this is no address of a web page' };
  if (address.host === OWN_HOST && isDefaultPort(address))
    return { kind: 'own', form: 'proxy', path: address.path };
  if (isSelf(address.host, address.port)) return readPath(address.path);
  return { kind: 'page', form: 'proxy', address };
}

/** `/https/host[:port]/path`, or a page of the gateway's own. */
function readPath(text: string): Target {
  const match = /^\/(https?)\/([^/?]+)(.*)$/s.exec(text);
  if (match === null) return { kind: 'own', form: 'path', path: text };
  const [, scheme, host, rest = ''] = match;
  const address = parseAddress(`${scheme}://${host}${rest.startsWith('/') ? rest : `/${rest}`}`);
  if (address === undefined) return { kind: 'bad', reason: `'${host}' is no host of a web page` };
  return { kind: 'page', form: 'path', address };
}

/**
 * The address as this browser must write it. A browser with a proxy setting gets `http:` for all: it would answer
 * `https:` with a handshake of its own that it can't finish. `self` is `http://host:port` of the gateway.
 */
export function addressFor(form: AddressForm, address: WebAddress, self: string): string {
  if (form === 'path') return `${self}/${address.scheme}/${hostOf(address)}${address.path}`;
  const { host, port, path } = address;
  return urlOf({ scheme: 'http', host, port: isDefaultPort(address) ? 80 : port, path });
}

/**
 * Whether a name in a Host header can be the gateway's own: an address, a name without a domain, or one of a home. A site of
 * the web that leads its own name here (DNS rebinding) would otherwise read the pages of every other.
 */
export const canBeSelf = (name: string): boolean =>
  /^[^.]+$|^\[.*\]$|^\d+\.\d+\.\d+\.\d+$|\.(local|lan|home|internal|home\.arpa|localhost)$/i.test(
    name.replace(/:\d+$/, ''),
  );
