// Deputy's client on Node.
import { createHash, randomBytes } from 'node:crypto';
import type { Platform } from '../platform.js';
import { contentDecoder } from './codings.js';
import { type LoadOptions, loadProgram } from './programs.js';
import { connect } from './sockets.js';

/** The platform of Node. `options` choose the engine (wasm3 by default) and who hears of a fallback. */
export function nodePlatform(options: Pick<LoadOptions, 'engine' | 'wasm' | 'notice'> = {}): Platform {
  return {
    connect,
    entropy: (length) => new Uint8Array(randomBytes(length)),
    now: () => Date.now(),
    setTimer(milliseconds, callback) {
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    },
    loadProgram: () => loadProgram({ ...options, target: 'client' }),
    parseUrl,
    contentDecoder,
    sha256() {
      const hash = createHash('sha256');
      return { update: (bytes) => void hash.update(bytes), digest: () => new Uint8Array(hash.digest()) };
    },
  };
}

const PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 };

/** The WHATWG URL, cut into what a request needs. */
export function parseUrl(text: string, base?: string): ReturnType<Platform['parseUrl']> {
  if (!URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  const port = url.port === '' ? PORTS[url.protocol] : Number(url.port);
  if (url.hostname === '' || port === undefined) return undefined;
  url.hash = '';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { protocol: url.protocol, host, port, path: url.pathname + url.search, href: url.href };
}
