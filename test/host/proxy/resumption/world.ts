// Real origins that resume, and what a client that shook hands with them would grant.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import {
  type Origin,
  type OriginOptions,
  type ServerKind,
  startOrigin,
} from '../../../../host/cli/demo/origins.js';
import type { Resumption } from '../../../../host/delegation/resumption.js';
import {
  FurtherConnection,
  type FurtherOptions,
} from '../../../../host/proxy/resumption/further_connection.js';
import { decodeSslSession } from '../../../../host/proxy/resumption/ssl_session.js';
import { NAME, readUntil, testAuthority } from '../bench.js';

export async function origin(kind: ServerKind, options: Partial<OriginOptions> = {}): Promise<Origin> {
  const { issued } = await testAuthority();
  return startOrigin(kind, { certificates: [issued], ...options });
}

/** A full handshake and one request, as of a client; what it can grant afterwards, the oldest first. */
export async function sessionsOf(
  port: number,
  { path = '/', more = {} }: { path?: string; more?: Partial<Resumption> } = {},
): Promise<Resumption[]> {
  const { authority } = await testAuthority();
  const socket = tlsConnect({
    port,
    host: '127.0.0.1',
    servername: NAME,
    ca: authority.root.pem,
    ALPNProtocols: ['http/1.1'],
  });
  const sessions: Buffer[] = [];
  socket.on('session', (der: Buffer) => sessions.push(der));
  await once(socket, 'secureConnect');
  const certificateHash = createHash('sha256').update(socket.getPeerCertificate().raw).digest();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${NAME}\r\n\r\n`);
  await readUntil(socket, '\r\n\r\n');
  // TLS 1.2 without tickets: the session is there with the handshake, and told by no event.
  if (sessions.length === 0) sessions.push(socket.getSession()!);
  const alpn = socket.alpnProtocol || '';
  socket.destroy();
  return sessions.map((der) => ({
    ...decodeSslSession(der),
    uses: 1,
    serverName: NAME,
    alpn,
    certificateHash,
    ...more,
  }));
}

export async function sessionOf(
  port: number,
  options: Parameters<typeof sessionsOf>[1] = {},
): Promise<Resumption> {
  return (await sessionsOf(port, options)).at(-1)!;
}

export async function dial(port: number) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

/** Opens a further connection to a port of this machine. */
export function openFurther(
  port: number,
  resumption: Resumption,
  options: Partial<FurtherOptions> = {},
): Promise<FurtherConnection> {
  return FurtherConnection.open({
    resumption,
    dial: () => dial(port),
    timeout: 5000,
    idleTimeout: 5000,
    onResumption: () => {},
    ...options,
  });
}
