// The tickets of one delegated session: kept for the device itself, or granted to the proxy, as the policy said.

import { FrameType } from '../../delegation/frame.js';
import { Grant } from '../../delegation/grant.js';
import { CipherChange, type CipherChanged } from '../../delegation/message.js';
import type { Admission } from '../../delegation/policy.js';
import { decodeResumption } from '../../delegation/resumption.js';
import type { SessionId } from '../../delegation/session_id.js';
import type { TlsConnection } from '../../engine/tls.js';
import { Version } from '../../tls/numbers.js';
import type { Context } from '../context.js';
import type { Origin } from '../observer.js';
import type { OriginLink } from '../tls/origin_link.js';
import { resumptionOf, sessionBlockOf } from '../tls/session_block.js';
import type { KeepTickets } from '../tls/tickets.js';
import type { MainSession } from './main_session.js';

export interface SessionTicketsParts {
  context: Context;
  main: MainSession;
  origins: OriginLink;
}

/** The connection that the tickets came on. `isOwned`: nobody else uses it, or frees it. */
export interface Importer {
  connection: TlsConnection;
  isOwned: boolean;
}

/** Tickets that one session brings; more would only cost room. */
const IMPORTS = 16;

export class SessionTickets implements KeepTickets {
  /** What came before the hand-over was done here. */
  readonly #waiting: Uint8Array[] = [];
  readonly #early: CipherChanged[] = [];
  #importer: Importer | undefined;
  /** The proxy has, or will get, what resumes this session: nothing of it is the device's alone. */
  #sharesMaster = false;
  #granted = false;
  #active = false;
  #imports = 0;
  #alpn = '';
  #deliveredAt = 0;
  /** What judges the session, which begins after this. */
  readonly #judge: string;

  constructor(
    private readonly parts: SessionTicketsParts,
    private readonly origin: Origin,
    /** Of this session; its id is known by the time it is needed. */
    private readonly conduit: { readonly sessionId: SessionId },
    private readonly admission: Admission,
  ) {
    this.#judge = parts.origins.judge;
  }

  keep(block: Uint8Array): void {
    if (!this.#active) this.#waiting.push(block);
    else this.#settle(block);
  }

  /**
   * The secrets have left. RFC 5246's master secret makes anyone who has it a party to every session resumed from this one: the
   * device resumes none of them by itself.
   */
  onDelivered(version: number): void {
    this.#deliveredAt = this.parts.context.platform.now();
    this.#sharesMaster = version < Version.Tls13 && this.admission.grant >= Grant.Resume;
    if (this.#sharesMaster) this.parts.origins.forgetTickets(this.origin);
  }

  /** `importer`: for the tickets that the proxy receives; undefined where it receives none. */
  onActive(alpn: string, importer: Importer | undefined): void {
    this.#alpn = alpn;
    this.#importer = importer;
    this.#active = true;
    for (const block of this.#waiting.splice(0)) this.#settle(block);
    for (const message of this.#early.splice(0)) this.#onChange(message);
  }

  /** Nobody else uses the importing connection any more: it is freed with the tickets. */
  adopt(connection: TlsConnection): void {
    if (this.#importer === undefined) connection.free();
    else this.#importer = { connection, isOwned: true };
  }

  /** R12: what the origin or the proxy has for later sessions. Throws TlsError for a ticket that is none. */
  onCipherChanged(message: CipherChanged): void {
    if (message.ticket.length === 0 || ++this.#imports > IMPORTS) return;
    if (this.#active) this.#onChange(message);
    else this.#early.push(message);
  }

  #onChange({ change, ticket }: CipherChanged): void {
    if (change === CipherChange.Ticket) this.#import(ticket);
    else if (change === CipherChange.Resumption) this.#share(ticket);
  }

  /** Whatever was not settled is the device's own, for the proxy never became active; or nobody's. */
  close(): void {
    for (const block of this.#waiting.splice(0)) {
      if (this.#sharesMaster) block.fill(0);
      else this.#keepOwn(block);
    }
    if (this.#importer?.isOwned) this.#importer.connection.free();
    this.#importer = undefined;
    for (const { ticket } of this.#early.splice(0)) ticket.fill(0);
  }

  #import(message: Uint8Array): void {
    if (this.#importer === undefined) return;
    const { connection } = this.#importer;
    connection.importTicket(message, Math.floor(this.parts.context.platform.now() / 1000));
    while (connection.flags.sessionAvailable) {
      const block = connection.takeSession();
      if (block === undefined) return;
      this.keep(block);
    }
  }

  /** The first goes to the proxy where the grant says so: who has a ticket's PSK could play the origin to its next user. */
  #settle(block: Uint8Array): void {
    if (this.#mayGrant) {
      this.#granted = this.#give(block);
      if (this.#granted) return;
    }
    if (this.#sharesMaster) block.fill(0);
    else this.#keepOwn(block);
  }

  #keepOwn(block: Uint8Array): void {
    this.parts.origins.keepTicket(this.origin, block, 'own', this.#judge);
  }

  get #mayGrant(): boolean {
    const { grant } = this.admission;
    return !this.#granted && (grant === Grant.Resume || (grant === Grant.Full && this.#sharesMaster));
  }

  #give(block: Uint8Array): boolean {
    const { context, main } = this.parts;
    const { uses } = this.admission;
    const resumption = resumptionOf(block, { uses, alpn: this.#alpn, now: context.platform.now() });
    if (resumption === undefined) return false;
    if (this.admission.expires > 0) {
      // What the proxy opens further connections with ends when the grant does.
      const left = this.#deliveredAt + this.admission.expires * 1000 - context.platform.now();
      const lifetime = Math.floor((Math.max(0, left) + resumption.age) / 1000);
      resumption.lifetime = Math.min(resumption.lifetime, lifetime);
    }
    try {
      main.send({ type: FrameType.Resumption, sessionId: this.conduit.sessionId, resumption });
      context.observer.onStep?.({ step: 'resumption-granted', origin: this.origin, uses });
      return true;
    } finally {
      resumption.secret.fill(0);
      block.fill(0);
    }
  }

  /** The proxy knows this secret: only a session that is to be its own as well resumes with it. */
  #share(encoded: Uint8Array): void {
    const resumption = decodeResumption(encoded);
    try {
      const now = this.parts.context.platform.now();
      const { host } = this.origin;
      const block = sessionBlockOf(resumption, host, now);
      this.parts.origins.keepTicket(this.origin, block, 'shared', this.#judge);
    } finally {
      resumption.secret.fill(0);
      encoded.fill(0);
    }
  }
}

/** `message` as observers may see it: what the proxy gained is a secret. */
export function observable(message: CipherChanged): CipherChanged {
  return message.change === CipherChange.Resumption ? { ...message, ticket: new Uint8Array(0) } : message;
}
