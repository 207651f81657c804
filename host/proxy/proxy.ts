// The proxy: one port, on which main sessions and CONNECT requests come in over TLS.
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { MAIN_PROTOCOL } from '../delegation/message.js';
import type { Order, SignedOrder } from '../delegation/order.js';
import type { SessionId } from '../delegation/session_id.js';
import { Buckets } from '../services/token_bucket.js';
import { Authenticator } from './admission/authentication.js';
import { Doorway } from './admission/doorway.js';
import { TargetPolicy } from './admission/target.js';
import { TunnelPlaces } from './admission/tunnel_places.js';
import { connectServer } from './connect.js';
import { type ProxyEventEmitter, proxyEvents, type Traffic } from './events.js';
import { closeServices } from './exchange/service_ends.js';
import { OriginAuthorities } from './handshake/authorities.js';
import { type Identity, listener } from './listener.js';
import { MainSession } from './main_session/main_session.js';
import { type KnownDevice, Orders } from './main_session/orders.js';
import { type ProxyOptions, settingsOf } from './options.js';
import { SessionRegistry } from './session/registry.js';
import type { DelegableSession } from './session/session.js';
import type { SessionState } from './session/session_options.js';
import { endAll, wait } from './shutdown.js';
import type { BlindTunnel } from './tunnel.js';

/** How long a service may take to let go of what it holds. */
const SERVICE_CLOSE_TIME = 5000;

/** How long a client may take to read that the proxy stops. */
const FAREWELL_TIME = 250;

export interface ProxyServer {
  /** Resolves with the address it really listens on. Port 0 takes a free one. */
  listen(port?: number, host?: string): Promise<{ host: string; port: number }>;
  /** Serves a connection that another process accepted; `head` is what was read of it. */
  adopt(socket: Socket, head: Uint8Array): void;
  /** Where it listens; undefined before and after. */
  readonly address: { host: string; port: number } | undefined;
  readonly events: ProxyEventEmitter;
  /** Clients' connections of any kind. */
  readonly connectionCount: number;
  /** Sessions that may be, or are, delegated. */
  readonly sessionCount: number;
  /** The same one by one. */
  sessions(): LiveSession[];
  /** What this proxy knows of its clients' devices; those seen last come first. */
  devices(): KnownDevice[];
  /** Passes a signed order on to the devices it is for, now or when they come. Throws DeputyError. */
  order(signed: SignedOrder): { order: Order; devices: number };
  /** Ends a session: what is under way breaks off, and says so. False where there is none of that id. */
  end(id: SessionId): boolean;
  /**
   * Clients are admitted by these tokens, authorities and certificate from now on, and origins judged by these roots, or those of
   * the machine; sessions that stand go on, and nothing that other roots vouched for is believed or shared any more. Throws
   * TypeError, or the TLS library's error, and then changes nothing.
   */
  renew(options: Identity & Pick<ProxyOptions, 'tokens' | 'originRoots'>): void;
  /**
   * Takes no more clients, lets exchanges and blind tunnels end for `grace` milliseconds or until `signal` aborts, then
   * ends them. Resolves with the number of those that were cut short.
   */
  close(options?: { grace?: number; signal?: AbortSignal }): Promise<number>;
}

export interface LiveSession {
  id: SessionId;
  principal: string;
  target: { host: string; port: number };
  state: SessionState;
  traffic: Traffic;
}

/** Throws TypeError for options that make no proxy. */
export function createProxy(options: ProxyOptions): ProxyServer {
  const settings = settingsOf(options);
  const events = proxyEvents();
  const registry = new SessionRegistry();
  const authenticator = new Authenticator(settings.tokens ?? []);
  const orders = new Orders(options.timeKey);
  const mainSessions = new Map<MainSession, string>();
  const targets = new TargetPolicy(settings.targets);
  const sockets = new Set<Socket>();
  const blind = new Set<BlindTunnel>();
  const [rates, frameRates] = [new Buckets(), new Buckets()];
  const places = new TunnelPlaces();
  const tunnels = { settings, registry, targets, places, observers: events, blind, rates, frameRates };
  const connects = connectServer({
    ...tunnels,
    authenticator,
    onKnown: (socket) => doorway.admitted(socket),
  });

  const admit = (session: MainSession, socket: TLSSocket, { name }: { name: string }) => {
    const own = [...mainSessions.values()].filter((other) => other === name).length;
    if (own >= settings.limits.mainSessionsPerPrincipal) return false;
    mainSessions.set(session, name);
    doorway.admitted(socket);
    return true;
  };
  const onTls = (socket: TLSSocket, milliseconds: number) => {
    doorway.secured(socket);
    socket.on('error', () => socket.destroy());
    const kind = socket.alpnProtocol === MAIN_PROTOCOL ? 'main' : 'conduit';
    events.emit('connection', { kind, resumed: socket.isSessionReused(), milliseconds });
    if (kind === 'conduit') {
      connects.emit('connection', socket);
      return;
    }
    const session: MainSession = new MainSession(socket, {
      ...tunnels,
      authenticator,
      orders,
      admit: (principal) => admit(session, socket, principal),
    });
    void session.run().then(() => mainSessions.delete(session));
  };
  const onPlain = (socket: Socket) => void connects.emit('connection', socket);
  const { server, begin, renew } = listener(settings, { onTls, onPlain });
  const { connections, strangers, strangersPerAddress, firstByteTimeout } = settings.limits;
  const doorway = new Doorway({ perAddress: strangersPerAddress, total: strangers, firstByteTimeout, begin });
  const enter = (socket: Socket) => {
    // Those who are known keep their places, and a stranger gives way to another.
    if (sockets.size >= connections && !doorway.giveWay()) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    doorway.enter(socket);
  };
  server.on('connection', enter);

  return {
    events,
    get connectionCount() {
      return sockets.size;
    },
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
    adopt(socket, head) {
      socket.allowHalfOpen = true;
      socket.setNoDelay(true);
      if (head.length > 0) socket.unshift(head);
      enter(socket);
    },
    sessions: () => registry.all().map(described),
    devices: () => orders.devices(),
    order: (signed) => orders.send(signed),
    end(id) {
      const session = registry.all().find((each) => each.id === id);
      void session?.cut('ENDED');
      return session !== undefined;
    },
    renew({ tokens = [], originRoots, ...identity }) {
      new Authenticator(tokens);
      new OriginAuthorities(originRoots);
      renew(identity);
      authenticator.replace(tokens);
      settings.trust.authorities.replace(originRoots);
    },
    async close({ grace = 0, signal } = {}) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const cut = await endAll(registry, blind, grace, signal);
      const ending = Promise.all(registry.all().map((session) => session.cut('STOPPING')));
      for (const session of mainSessions.keys()) session.close('STOPPING', 'the proxy stops');
      await wait(ending, FAREWELL_TIME);
      for (const socket of sockets) socket.destroy();
      await closed;
      await closeServices(settings.services, SERVICE_CLOSE_TIME, settings.log);
      return cut;
    },
  };
}

const described = ({ id, principal, target, state, traffic }: DelegableSession): LiveSession => ({
  id,
  principal: principal.name,
  target,
  state,
  traffic,
});
