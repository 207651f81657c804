// Real origins that resume, and what a client that shook hands with them would grant.
import { constants, createHash } from 'node:crypto';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import {
  type Origin,
  type OriginOptions,
  type ServerKind,
  startOrigin,
} from '../../../../host/cli/demo/origins.js';
import { FrameType } from '../../../../host/delegation/frame.js';
import type { Resumption } from '../../../../host/delegation/resumption.js';
import { decodeSslSession } from '../../../../host/proxy/fetch/openssl_session.js';
import { FurtherConnection, type FurtherOptions } from '../../../../host/proxy/fetch/resumed_connection.js';
import { NAME, readUntil, testAuthority } from '../bench.js';
import type { Delegated } from '../delegated.js';

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
  // OpenSSL forgets stateful sessions of connections that break off.
  socket.end();
  await once(socket, 'close');
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

/** A TLS 1.2 origin of node:https whose sessions are each resumed once. */
export async function singleUseOrigin(answer: RequestListener): Promise<{ port: number; close(): void }> {
  const { issued } = await testAuthority();
  const sessions = new Map<string, Buffer | null>();
  const server = createHttpsServer(
    {
      cert: issued.chainPem,
      key: issued.keyPem,
      maxVersion: 'TLSv1.2',
      // Session ids, which the server keeps.
      secureOptions: constants.SSL_OP_NO_TICKET,
    },
    answer,
  );
  server.on('newSession', (id: Buffer, data: Buffer, done: () => void) => {
    // It is told of again when it is resumed.
    const name = id.toString('hex');
    if (!sessions.has(name)) sessions.set(name, data);
    done();
  });
  server.on('resumeSession', (id: Buffer, done: (error: Error | null, data: Buffer | null) => void) => {
    const name = id.toString('hex');
    const found = sessions.get(name) ?? null;
    sessions.set(name, null);
    done(null, found);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port, close };
}

/** What resumes a session of TLS 1.2 that was delivered with its master secret. */
export function resumptionOf(
  { inner }: Pick<Delegated, 'inner'>,
  more: Partial<Resumption> = {},
): Resumption {
  const { alpn, sni, certificateHash } = inner.delivery();
  const material = decodeSslSession(Buffer.from(inner.socket.getSession()!));
  return { ...material, uses: 1, serverName: sni, alpn, certificateHash, ...more };
}

export const sendGrant = (
  { main, sessionId }: Pick<Delegated, 'main' | 'sessionId'>,
  resumption: Resumption,
) => main.send({ type: FrameType.Resumption, sessionId, resumption });
