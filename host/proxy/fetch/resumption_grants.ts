// The further connections of one main session (R11, R12): what its client granted, session by session, and what is open.

import { FrameType } from '../../delegation/frame.js';
import { Grant } from '../../delegation/grant.js';
import { CipherChange, type CipherChanged } from '../../delegation/message.js';
import { authority } from '../../delegation/origin.js';
import { encodeResumption, type Resumption } from '../../delegation/resumption.js';
import type { SessionId } from '../../delegation/session_id.js';
import type { JournalSession } from '../../services/journal.js';
import type { OriginIdentity } from '../../services/service.js';
import { Version } from '../../tls/numbers.js';
import type { TargetPolicy } from '../admission/target.js';
import { SessionError, sessionError } from '../error.js';
import type { ProxyEventEmitter } from '../events.js';
import { canonicalHost } from '../handshake/identify.js';
import type { IssuedTickets } from '../handshake/issued_tickets.js';
import type { Limits } from '../options.js';
import type { DeliveredFacts } from '../session/delivered.js';
import { resumedIdentity } from '../session/origin_identity.js';
import { FurtherConnection } from './resumed_connection.js';
import { Granted, type Turn } from './ticket_uses.js';

export interface ResumptionsContext {
  limits: Pick<Limits, 'connectTimeout' | 'idleTimeout' | 'resumableSessions'>;
  targets: Pick<TargetPolicy, 'connect'>;
  observers: ProxyEventEmitter;
  issued: IssuedTickets;
  /** Tells the client how its sessions moved on; undefined where it is not there. */
  send: ((message: CipherChanged) => void) | undefined;
}

/** Of a session, all that a resumption of it must agree with. */
export interface Resumable {
  readonly id: SessionId;
  readonly target: { readonly host: string; readonly port: number };
  /** Undefined before its delivery. */
  readonly delivered: DeliveredFacts | undefined;
}

/** A further connection, and what it goes on with. */
export interface OpenedFurther {
  connection: FurtherConnection;
  sessionId: SessionId;
  origin: OriginIdentity;
  protocolVersion: number;
  cipherSuite: number;
}

/** That connection for those who keep a record, opened for this client. */
export const describeResumed = (
  { sessionId, origin, protocolVersion, cipherSuite }: Omit<OpenedFurther, 'connection'>,
  client: string,
): JournalSession => ({
  sessionId,
  client,
  origin,
  grant: 'resume',
  leg: 'further',
  protocolVersion,
  cipherSuite,
});

/** What was granted for one session. */
export interface Grants {
  readonly id: SessionId;
  readonly target: { readonly host: string; readonly port: number };
  readonly delivered: DeliveredFacts;
  readonly granted: Granted;
}

interface Entry extends Grants {
  /** Authority, in lower case. */
  origin: string;
  open: Set<FurtherConnection>;
  /** Attempts in a row that found no origin. */
  failures: number;
  /** Ends it with the client's grant. */
  expiry: NodeJS.Timeout | undefined;
}

/** After so many, a grant is not tried again. */
const MAX_FAILURES = 3;

export class Resumptions {
  readonly #entries = new Map<SessionId, Entry>();
  #closed = false;

  constructor(private readonly context: ResumptionsContext) {}

  /**
   * Takes what the client grants for `session`. Owns the secret from now on. Throws RESUMPTION_REFUSED where it does not
   * belong to the session, or the session was not delivered with a grant that allows it.
   */
  add(session: Resumable, resumption: Resumption): void {
    const why = this.#closed ? 'the main session has ended' : faultOf(session, resumption);
    if (why !== undefined) {
      resumption.secret.fill(0);
      throw new SessionError('RESUMPTION_REFUSED', why);
    }
    const { id, target, delivered } = session;
    this.#entryOf({ id, target, delivered: delivered! }).granted.add(resumption);
  }

  /** Gives what was granted for a session away: it is no longer closed with the others. Undefined where nothing was. */
  detach(id: SessionId): Grants | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#entries.delete(id);
    clearTimeout(entry.expiry);
    for (const connection of entry.open) void connection.finish();
    const { target, delivered, granted } = entry;
    return { id, target, delivered, granted };
  }

  adopt(grants: Grants): void {
    this.#entryOf(grants);
  }

  /** Whether a further connection to that origin can be opened; `later`: perhaps once pending connections are established. */
  state(host: string, port: number): 'now' | 'later' | 'never' {
    const states = this.#entriesFor(host, port).map(({ granted }) => granted.state);
    return states.find((state) => state === 'now') ?? states.find((state) => state === 'later') ?? 'never';
  }

  /**
   * Opens one. Rejects with RESUMPTION_SPENT, NOT_RESUMED, or the error of the connection; each attempt that reaches the
   * origin counts as a use.
   */
  async open(host: string, port: number): Promise<OpenedFurther> {
    const entries = this.#entriesFor(host, port);
    const entry = entries.find(({ granted }) => granted.state === 'now') ?? entries[0];
    if (entry === undefined)
      throw new SessionError('RESUMPTION_SPENT', 'nothing was granted for this origin');
    const turn = entry.granted.take();
    const asked = { yet: false };
    const { protocolVersion, cipherSuite } = turn.resumption;
    const origin = resumedIdentity(entry.target, turn.resumption, this.context.issued);
    try {
      const connection = await this.#connect(entry, turn, asked);
      entry.failures = 0;
      return { connection, sessionId: entry.id, origin, protocolVersion, cipherSuite };
    } catch (error) {
      const failure = sessionError(error, 'ORIGIN_GONE');
      const isRefused = failure.code === 'NOT_RESUMED';
      if (!isRefused) entry.failures++;
      turn.settle(isRefused ? 'refused' : asked.yet ? 'failed' : 'unused');
      throw failure;
    }
  }

  /** The grant of that session is taken back: its further connections close at once, and nothing more is opened. */
  revoke(id: SessionId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    clearTimeout(entry.expiry);
    entry.granted.close();
    for (const connection of entry.open) connection.destroy();
  }

  close(): void {
    this.#closed = true;
    for (const id of [...this.#entries.keys()]) this.revoke(id);
  }

  async #connect(entry: Entry, turn: Turn, asked: { yet: boolean }): Promise<FurtherConnection> {
    const { limits, targets, observers } = this.context;
    const { host, port } = entry.target;
    let told = false;
    const connection = await FurtherConnection.open({
      resumption: turn.resumption,
      dial: async () => {
        const socket = await targets.connect(host, port, limits.connectTimeout);
        asked.yet = !entry.granted.isClosed;
        if (asked.yet) return socket;
        socket.destroy();
        throw revoked();
      },
      timeout: limits.connectTimeout,
      idleTimeout: limits.idleTimeout,
      onResumption: (fresh) => {
        this.#inherit(entry, turn.resumption, fresh);
        turn.gained(fresh);
        // One a connection is enough for the client, and no origin makes the proxy flood it.
        if (!told) this.#tellFresh(entry, fresh);
        told = true;
        fresh.secret.fill(0);
      },
    });
    turn.settle('resumed');
    if (entry.granted.isClosed) {
      connection.destroy();
      throw revoked();
    }
    entry.open.add(connection);
    void connection.closed.then(() => entry.open.delete(connection));
    this.#tell(entry.id, CipherChange.FurtherConnection);
    observers.emit('furtherConnection', { sessionId: entry.id, host, port, left: entry.granted.left });
    return connection;
  }

  /** Whether what comes of a connection is good for others. */
  vouchesFor({ origin }: OpenedFurther): boolean {
    return this.context.issued.vouchesFor(origin);
  }

  /** What an origin gives on a connection that was resumed with a ticket of its own is its own as well. */
  #inherit({ target: { host, port } }: Entry, used: Resumption, fresh: Resumption): void {
    const { issued } = this.context;
    const identity = issued.find(nameOf(used), canonicalHost(host), port);
    if (identity !== undefined) issued.add(nameOf(fresh), identity);
  }

  /** R12: the client can resume with the origin after the proxy has used up its tickets. */
  #tellFresh({ id, granted }: Entry, fresh: Resumption): void {
    if (granted.isClosed) return;
    const bytes = encodeResumption(fresh);
    this.#tell(id, CipherChange.Resumption, bytes);
    bytes.fill(0);
  }

  #tell(sessionId: SessionId, change: CipherChange, ticket: Uint8Array = new Uint8Array(0)): void {
    const { send, observers } = this.context;
    const type = FrameType.CipherChanged;
    send?.({ type, sessionId, change, clientEpoch: 0, originEpoch: 0, ticket });
    observers.emit('cipherChanged', { sessionId, change: CipherChange[change] });
  }

  #entryOf({ id, target, delivered, granted }: Omit<Grants, 'granted'> & Partial<Grants>): Entry {
    const found = this.#entries.get(id);
    if (found !== undefined) return found;
    if (this.#entries.size >= this.context.limits.resumableSessions) {
      const [oldest] = this.#entries.keys();
      this.revoke(oldest!);
    }
    const entry: Entry = {
      id,
      origin: authority(target.host.toLowerCase(), target.port),
      target: { host: target.host, port: target.port },
      delivered,
      granted: granted ?? new Granted(delivered.until),
      open: new Set(),
      failures: 0,
      expiry: undefined,
    };
    const left = delivered.until - Date.now();
    if (Number.isFinite(left)) entry.expiry = setTimeout(() => this.revoke(id), Math.max(0, left)).unref();
    this.#entries.set(id, entry);
    return entry;
  }

  /** The newest grant first. */
  #entriesFor(host: string, port: number): Entry[] {
    const origin = authority(host.toLowerCase(), port);
    const all = [...this.#entries.values()].reverse();
    return all.filter((entry) => entry.origin === origin && entry.failures < MAX_FAILURES);
  }
}

const nameOf = ({ ticket, sessionId }: Resumption) => (ticket.length > 0 ? ticket : sessionId);

const revoked = () => new SessionError('REVOKED', 'the client took its grant back');

/** Why `resumption` is not one of `session`. */
function faultOf({ delivered }: Resumable, resumption: Resumption): string | undefined {
  if (delivered === undefined) return 'the session has not been delivered';
  const { grant, protocolVersion, cipherSuite, origin } = delivered;
  const isTls12 = protocolVersion === Version.Tls12;
  if (grant !== Grant.Resume && !(grant === Grant.Full && isTls12))
    return 'the grant allows no further connections';
  if (resumption.protocolVersion !== protocolVersion) return 'the session has another version';
  if (resumption.cipherSuite !== cipherSuite) return 'the session has another cipher suite';
  if (isTls12 && !delivered.extendedMasterSecret)
    return 'the session has no extended master secret (RFC 7627 §5.3)';
  if (resumption.serverName.toLowerCase() !== origin.serverName)
    return 'the session was opened for another name';
  const hash = Buffer.from(resumption.certificateHash).toString('hex');
  if (origin.certificate !== '' && hash !== origin.certificate) return "the origin's certificate is another";
  return undefined;
}
