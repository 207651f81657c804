// The client's policy: to which origins the proxy may be admitted, and how far. The default is deny.
import { DeputyError } from './error.js';
import { type Grant, type GrantName, grantPower, parseGrant } from './grant.js';
import { authority, matchesOrigin, type OriginPattern, parseOriginPattern } from './origin.js';

/** Who wants the session: the application itself, or the proxy for something that a page needs. */
export type Asker = 'request' | 'tunnel';

export interface PolicyRule {
  /** `host`, `*.domain`, `*`, each with `:port` where only one port is meant. */
  origin: string;
  decision: 'deny' | 'ask' | GrantName;
  /** Speaks only of one kind of question; of both when absent. */
  asker?: Asker;
  /** For `resume`, and `full` at TLS 1.2: how many further connections the proxy may open. 4 unless told, 65,535 at most. */
  uses?: number;
  /** Seconds after which the grant ends by itself; unless told, with its session. */
  expires?: number;
}

/** What a policy lets the proxy do with one session. */
export interface Admission {
  grant: Grant;
  /** Further connections. */
  uses: number;
  /** Seconds; 0 for no limit. */
  expires: number;
}

const DEFAULT_USES = 4;
export const USES_LIMIT = 0xffff;
/** What fits a timer: 24 days. */
export const EXPIRES_LIMIT = 2_147_483;

/** What the application is asked when a rule says `ask`. */
export interface PolicyQuestion {
  host: string;
  port: number;
  asker: Asker;
  /** Why the proxy wants it, in the proxy's words; empty for the application's own requests. */
  reason: string;
}

export interface PolicyOptions {
  /** Read from the top; the first rule that matches decides. */
  rules?: readonly PolicyRule[];
  /** Answers the rules that say `ask`; without it they deny. */
  ask?: (question: PolicyQuestion) => Promise<'deny' | GrantName>;
  /** What to do with a request to an origin to which the proxy is not admitted, or whose proxy stays silent. */
  undelegated?: 'fail' | 'tunnel';
}

/** Decides, per origin, whether the proxy is admitted and with which grant. */
export class DelegationPolicy {
  /** Whether a session that can't be delegated goes on end to end through the proxy, as a blind tunnel. */
  readonly allowsUndelegated: boolean;
  readonly #rules: readonly { pattern: OriginPattern; rule: PolicyRule }[];
  readonly #ask: PolicyOptions['ask'];

  /** Throws DeputyError POLICY_BAD_RULE for a pattern or a grant that is none. */
  constructor(options: PolicyOptions = {}) {
    this.#rules = (options.rules ?? []).map((rule) => ({ pattern: checkedPattern(rule), rule }));
    this.#ask = options.ask;
    this.allowsUndelegated = options.undelegated === 'tunnel';
  }

  /** What the proxy may do with this origin, or undefined for deny. */
  async decide(question: PolicyQuestion): Promise<Admission | undefined> {
    const matched = this.#rules.find(
      ({ pattern, rule }) =>
        (rule.asker === undefined || rule.asker === question.asker) &&
        matchesOrigin(pattern, question.host, question.port),
    );
    const decision = matched?.rule.decision ?? 'deny';
    const answer = decision === 'ask' ? ((await this.#ask?.(question)) ?? 'deny') : decision;
    const grant = parseGrant(answer);
    if (grant === undefined) return undefined;
    const { uses = DEFAULT_USES, expires = 0 } = matched?.rule ?? {};
    return { grant, uses, expires };
  }
}

function checkedPattern(rule: PolicyRule): OriginPattern {
  const pattern = parseOriginPattern(rule.origin);
  if (pattern === undefined) {
    throw new DeputyError(
      'POLICY_BAD_RULE',
      `'${rule.origin}' is no origin pattern: write a host, *.domain or *, with :port where one port is meant`,
    );
  }
  if (rule.decision !== 'deny' && rule.decision !== 'ask' && parseGrant(rule.decision) === undefined) {
    throw new DeputyError('POLICY_BAD_RULE', `'${rule.decision}' is neither deny, ask nor a grant`);
  }
  checkCount('uses', rule.uses, USES_LIMIT);
  checkCount('expires', rule.expires, EXPIRES_LIMIT);
  return pattern;
}

function checkCount(name: string, value: number | undefined, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= most)) return;
  throw new DeputyError('POLICY_BAD_RULE', `'${name}' must be a whole number from 1 to ${most}`);
}

/** Throws GRANT_UNAVAILABLE where TLS of that version has no such grant. */
export function requireGrant(grant: Grant, protocolVersion: number, host: string, port: number): void {
  if (grantPower(grant, protocolVersion) === undefined) {
    throw new DeputyError(
      'GRANT_UNAVAILABLE',
      `${authority(host, port)} speaks a TLS version without this grant: choose another grant for it`,
    );
  }
}
