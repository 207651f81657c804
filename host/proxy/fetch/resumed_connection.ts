// A further connection to the origin of a delegated session, opened by resumption (R11). Node's TLS does the handshake;
// anyone who resumes the session is the origin whose certificate the client checked, so nothing else is accepted.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createSecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { RESUMPTION_TICKET_LIMIT, type Resumption } from '../../delegation/resumption.js';
import { Version } from '../../tls/numbers.js';
import { SessionError, sessionError } from '../error.js';
import { drain } from '../session/session_end.js';
import { SocketStream } from '../streams/byte_stream.js';
import { within } from '../streams/deadline.js';
import type { Carrier } from './fetch_connection.js';
import { decodeSslSession, encodeSslSession } from './openssl_session.js';
import { opensslName } from './openssl_suites.js';

export interface FurtherOptions {
  /** Its owner wipes it when the connection stands, or has failed. */
  resumption: Resumption;
  /** A TCP connection to the origin. */
  dial: () => Promise<Socket>;
  /** Milliseconds for the TLS handshake. */
  timeout: number;
  idleTimeout: number;
  /** The origin gave something to resume with. Its receiver wipes the secret. */
  onResumption: (fresh: Resumption) => void;
}

export class FurtherConnection implements Carrier {
  readonly originStream: SocketStream;
  /** Node does not tell an end that the origin announced (close_notify) from one that somebody else made. */
  readonly endsProvably = false;
  readonly closed: Promise<void>;

  private constructor(private readonly socket: TLSSocket) {
    this.originStream = new UnprovedEnd(socket, 'ORIGIN_GONE');
    this.closed = new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
  }

  /**
   * Rejects with NOT_RESUMED where the origin wants a full handshake: not a byte of the application has gone out then.
   * A TargetError, or ORIGIN_GONE, where there is no connection.
   */
  static async open(options: FurtherOptions): Promise<FurtherConnection> {
    const { resumption } = options;
    const suite = opensslName(resumption.cipherSuite);
    if (suite === undefined) {
      throw new SessionError('UNSUPPORTED_SUITE', 'the proxy does not resume with this cipher suite');
    }
    const transport = await options.dial();
    try {
      const socket = startTls(transport, resumption, suite);
      socket.on('error', () => {});
      socket.setTimeout(options.idleTimeout, () => socket.destroy(new Error('idle')));
      socket.on('session', (der: Buffer) => {
        // What a full handshake gives is worth nothing: nobody has checked with whom it was made.
        if (socket.isSessionReused()) tellFresh(der, options);
        der.fill(0);
      });
      await within(once(socket, 'secureConnect'), options.timeout, late);
      checkResumed(socket, resumption);
      return new FurtherConnection(socket);
    } catch (error) {
      transport.destroy();
      throw sessionError(error, 'ORIGIN_GONE');
    }
  }

  /** An orderly end, as far as the origin takes part in it: some forget sessions whose connections break off. */
  async finish(): Promise<void> {
    const ending = this.originStream.end().then(() => drain(this.originStream));
    await Promise.race([ending.catch(() => {}), delay(LINGER, undefined, { ref: false })]);
    this.socket.destroy();
    await this.closed;
  }

  /** Ends at once. */
  destroy(): void {
    this.socket.destroy();
  }
}

const LINGER = 1000;

const late = () => new SessionError('ORIGIN_GONE', 'the origin did not resume the session in time');

function startTls(transport: Socket, resumption: Resumption, suite: string): TLSSocket {
  const version = resumption.protocolVersion === Version.Tls13 ? 'TLSv1.3' : 'TLSv1.2';
  const session = encodeSslSession(resumption, Date.now());
  try {
    return tlsConnect({
      socket: transport,
      session,
      servername: resumption.serverName,
      ALPNProtocols: ['http/1.1'],
      // No roots: there is no certificate in a resumed handshake, and no other handshake is accepted.
      secureContext: createSecureContext({
        ca: [],
        minVersion: version,
        maxVersion: version,
        ciphers: suite,
      }),
      rejectUnauthorized: false,
    });
  } finally {
    // OpenSSL has its own copy by now.
    session.fill(0);
  }
}

function checkResumed(socket: TLSSocket, { alpn }: Resumption): void {
  if (!socket.isSessionReused()) {
    throw new SessionError(
      'NOT_RESUMED',
      'the origin does not resume the session: the client has to shake hands with it again',
    );
  }
  const chosen = socket.alpnProtocol || '';
  if (chosen !== '' && chosen !== alpn && chosen !== 'http/1.1') {
    throw new SessionError('NOT_RESUMED', 'the origin speaks another protocol on the resumed session');
  }
}

function tellFresh(der: Buffer, { resumption, onResumption }: FurtherOptions): void {
  try {
    const { serverName, alpn, certificateHash } = resumption;
    const fresh = { ...decodeSslSession(der), uses: 1, serverName, alpn, certificateHash };
    if (isFresh(fresh, resumption)) onResumption(fresh);
    else fresh.secret.fill(0);
  } catch {
    // A ticket that can't be read is one that can't be used: the connection is as good without it.
  }
}

/** TLS 1.2 tells of the session that was resumed, too. */
function isFresh({ ticket, sessionId, lifetime }: Resumption, before: Resumption): boolean {
  if (ticket.length > RESUMPTION_TICKET_LIMIT || lifetime === 0) return false;
  if (ticket.length > 0) return !Buffer.from(ticket).equals(before.ticket);
  return sessionId.length > 0 && !Buffer.from(sessionId).equals(before.sessionId);
}

/** Where the length of a body is not told, its end can't be believed: an end of the stream is a loss. */
class UnprovedEnd extends SocketStream {
  override async read(): Promise<Buffer> {
    const bytes = await super.read();
    if (bytes === undefined) throw new SessionError('ORIGIN_GONE', 'the origin closed a further connection');
    return bytes;
  }
}
