// Errors of the TLS engine and of sockets, told with the name of the peer.
import { DeputyError } from '../../delegation/error.js';
import type { Link } from '../observer.js';

const PEERS: Readonly<Record<Link['kind'], string>> = {
  main: 'the proxy',
  conduit: 'the proxy',
  origin: 'the origin',
};

/** Which setting holds the roots of each peer: what TLS_UNKNOWN_CA is about. */
const ROOTS: Readonly<Record<Link['kind'], string>> = {
  main: 'proxy.roots, --proxy-ca',
  conduit: 'proxy.roots, --proxy-ca',
  origin: 'roots, --ca',
};

/**
 * `error` as a DeputyError that names the peer: the engine's stable TLS_ codes, or CONNECTION_FAILED for a socket's
 * errors. A DeputyError passes as it is, save that what ends below an origin's connection ends that.
 */
export function tlsFailure(error: unknown, link: Link): DeputyError {
  if (error instanceof DeputyError) return link.kind === 'origin' ? belowOrigin(error, link) : error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  const isTls = typeof code === 'string' && code.startsWith('TLS_');
  const setting = code === 'TLS_UNKNOWN_CA' || code === 'TLS_NO_TRUST' ? ` (${ROOTS[link.kind]})` : '';
  const text = `${PEERS[link.kind]} ${link.name}: ${String(message ?? error)}${setting}`;
  return new DeputyError(isTls ? code : 'CONNECTION_FAILED', text, { cause: error });
}

/** The proxy's socket breaks off where the origin's has: nobody can tell which of them it was. */
function belowOrigin(error: DeputyError, link: Link): DeputyError {
  if (error.code !== 'TLS_TRUNCATED') return error;
  const text =
    `${PEERS.origin} ${link.name}: the connection broke off, at the origin or at the proxy: ` +
    'what came may be cut short; don’t use it, and try again';
  return new DeputyError('TLS_TRUNCATED', text, { cause: error });
}
