// The proxy's one port: TLS, or plaintext where the options say so, with the keys of the tickets that conduits resume from.
import { randomBytes } from 'node:crypto';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { MAIN_PROTOCOL } from '../delegation/message.js';
import type { Settings } from './options.js';

/** What may change while the proxy runs. */
export interface Identity {
  tls?: { certificate: string; key: string };
  clientAuthorities?: readonly string[];
}

export interface Listener {
  /** Accepts connections, and does no more with them. */
  readonly server: Server;
  /** Serves one whose first bytes are in its buffer. */
  begin(socket: Socket): void;
  /**
   * Handshakes from now on use these; connections that stand go on. Throws where they are unusable, and keeps the old
   * ones.
   */
  renew(identity: Identity): void;
}

export interface ListenerHandlers {
  onTls(socket: TLSSocket, milliseconds: number): void;
  onPlain(socket: Socket): void;
}

/** Bytes of the name that a ticket begins with (RFC 5077 §4), which tells the server that made it. */
export const TICKET_NAME_BYTES = 16;

export function listener(settings: Settings, handlers: ListenerHandlers): Listener {
  const server = createTcpServer({ allowHalfOpen: true, noDelay: true });
  if (settings.tls === undefined) return { server, begin: handlers.onPlain, renew() {} };
  const name = settings.ticketName ?? randomBytes(TICKET_NAME_BYTES);
  let ticketKeys = newTicketKeys(name);
  let authorities = settings.clientAuthorities ?? [];
  const began = new Map<string, number>();
  // It never listens: it is given its connections.
  const tlsServer: TlsServer = createTlsServer(
    {
      ...secureContext(settings),
      ticketKeys,
      // The device knows which cipher costs it least.
      honorCipherOrder: false,
      // The conduit is resumed from the main session's ticket: same keys, another protocol.
      ALPNProtocols: [MAIN_PROTOCOL, 'http/1.1'],
      handshakeTimeout: settings.limits.greetingTimeout,
      allowHalfOpen: true,
      // Who has no certificate may have a token: the CONNECT or the HELLO decides.
      ...(authorities.length > 0 && { requestCert: true, rejectUnauthorized: false }),
    },
    (socket) => handlers.onTls(socket, performance.now() - (began.get(peer(socket)) ?? performance.now())),
  );
  const begin = (socket: Socket) => {
    const key = peer(socket);
    began.set(key, performance.now());
    socket.once('close', () => began.delete(key));
    tlsServer.emit('connection', socket);
  };
  tlsServer.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    settings.log.debug({ code: error.code }, 'a TLS handshake with a client failed');
    // Node leaves one that took too long, or that the client broke off, to us.
    socket.destroy();
  });
  return {
    server,
    begin,
    renew(identity) {
      const renewed = identity.clientAuthorities ?? [];
      // A client that was admitted by an authority that is gone must not resume what it was then.
      const isSame =
        renewed.length === authorities.length && renewed.every((pem) => authorities.includes(pem));
      const keys = isSame ? ticketKeys : newTicketKeys(name);
      tlsServer.setSecureContext({ ...secureContext(identity), ticketKeys: keys });
      ticketKeys = keys;
      authorities = renewed;
    },
  };
}

/** A name, a key to authenticate and a key to encrypt: 16 bytes each. */
const newTicketKeys = (name: Buffer) => Buffer.concat([name, randomBytes(32)]);

const peer = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;

/**
 * SSL_OP_CLEANSE_PLAINTEXT (openssl/ssl.h, SSL_CTX_set_options(3)), which node:crypto does not name: OpenSSL wipes a record's
 * plaintext from its buffer once it has been read, for it may be a delivery.
 */
const CLEANSE_PLAINTEXT = 0x2;

const secureContext = ({ tls, clientAuthorities = [] }: Identity) => ({
  cert: tls!.certificate,
  key: tls!.key,
  minVersion: 'TLSv1.2' as const,
  secureOptions: CLEANSE_PLAINTEXT,
  ...(clientAuthorities.length > 0 && { ca: [...clientAuthorities] }),
});
