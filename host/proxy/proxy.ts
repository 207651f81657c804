// The proxy: one port, on which main sessions and CONNECT requests come in over TLS.
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { Authenticator } from './authentication.js';
import { connectServer } from './connect.js';
import { observers as newObservers, type Observers } from './events.js';
import { closeServices } from './http/service_ends.js';
import { MainSession } from './main_session.js';
import { type ProxyOptions, type Settings, settingsOf } from './options.js';
import { SessionRegistry } from './registry.js';
import { TargetPolicy } from './target.js';

export const MAIN_SESSION_PROTOCOL = 'deputy/1';
/** Milliseconds that a service may take to let go when the proxy closes. */
const SERVICE_CLOSE_TIME = 5000;

export interface ProxyServer {
  /** Resolves with the address it really listens on. Port 0 takes a free one. */
  listen(port?: number, host?: string): Promise<{ host: string; port: number }>;
  /** Where it listens; undefined before and after. */
  readonly address: { host: string; port: number } | undefined;
  readonly events: Observers;
  /** Sessions that may be, or are, delegated. */
  readonly sessionCount: number;
  /** Takes no more clients, lets sessions end for `grace` milliseconds, then ends them. */
  close(options?: { grace?: number }): Promise<void>;
}

/** Throws TypeError for options that make no proxy. */
export function createProxy(options: ProxyOptions): ProxyServer {
  const settings = settingsOf(options);
  const events = newObservers();
  const registry = new SessionRegistry();
  const authenticator = new Authenticator(settings.tokens ?? []);
  const mainSessions = new Map<MainSession, string>();
  const targets = new TargetPolicy(settings.targets);
  const connects = connectServer({ settings, authenticator, registry, targets, observers: events });
  const sockets = new Set<Socket>();

  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const admit = (session: MainSession, { name }: { name: string }) => {
    const own = [...mainSessions.values()].filter((other) => other === name).length;
    if (own >= settings.limits.mainSessionsPerPrincipal) return false;
    mainSessions.set(session, name);
    return true;
  };
  const onTlsSocket = (socket: TLSSocket) => {
    socket.on('error', () => socket.destroy());
    if (socket.alpnProtocol !== MAIN_SESSION_PROTOCOL) {
      connects.emit('connection', socket);
      return;
    }
    const context = { settings, authenticator, registry, observers: events, targets, admit };
    const session = new MainSession(socket, context);
    void session.run().then(() => mainSessions.delete(session));
  };
  const server = settings.tls === undefined ? plainServer(connects) : tlsServer(settings, onTlsSocket);
  server.maxConnections = settings.limits.connections;
  server.on('connection', track);

  return {
    events,
    get sessionCount() {
      return registry.all().length;
    },
    get address() {
      const address = server.address() as AddressInfo | null;
      return address === null ? undefined : { host: address.address, port: address.port };
    },
    async listen(port = 0, host = '127.0.0.1') {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ port, host }, () => {
          server.off('error', reject);
          resolve();
        });
      });
      server.on('error', (error) => settings.log.error({ why: error.message }, 'the listener failed'));
      return this.address!;
    },
    async close({ grace = 0 } = {}) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const ended = Promise.all(registry.all().map((session) => session.closed));
      // What is left to wait for keeps the process alive; these timers must not.
      await Promise.race([ended, delay(grace, undefined, { ref: false })]);
      const ending = Promise.all(registry.all().map((session) => session.finish('STOPPING')));
      for (const session of mainSessions.keys()) session.close('STOPPING', 'the proxy stops');
      await Promise.race([ending, delay(Math.max(grace, 250), undefined, { ref: false })]);
      for (const socket of sockets) socket.destroy();
      await closed;
      await closeServices(settings.services, SERVICE_CLOSE_TIME, settings.log);
    },
  };
}

function plainServer(connects: ReturnType<typeof connectServer>) {
  return createTcpServer({ allowHalfOpen: true }, (socket) => connects.emit('connection', socket));
}

function tlsServer(settings: Settings, onSocket: (socket: TLSSocket) => void) {
  const { certificate, key } = settings.tls!;
  const authorities = settings.clientAuthorities ?? [];
  const server = createTlsServer(
    {
      cert: certificate,
      key,
      minVersion: 'TLSv1.2',
      // The device knows which cipher costs it least.
      honorCipherOrder: false,
      // The conduit is resumed from the main session's ticket: same keys, another protocol.
      ALPNProtocols: [MAIN_SESSION_PROTOCOL, 'http/1.1'],
      handshakeTimeout: settings.limits.greetingTimeout,
      allowHalfOpen: true,
      noDelay: true,
      // Who has no certificate may have a token: the CONNECT or the HELLO decides.
      ...(authorities.length > 0 && { ca: [...authorities], requestCert: true, rejectUnauthorized: false }),
    },
    onSocket,
  );
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
    settings.log.debug({ code: error.code }, 'a TLS handshake with a client failed');
  });
  return server;
}
