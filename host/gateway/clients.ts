// The clients of Deputy that serve browsers: one for each person and device, made when they are first needed.
import type { Client } from '../client/client.js';
import type { Observer } from '../client/observer.js';
import type { DeviceProfile } from '../delegation/device.js';
import type { GrantName } from '../delegation/grant.js';
import { grantName } from '../delegation/grant.js';
import { DelegationPolicy, type PolicyOptions, type PolicyRule } from '../delegation/policy.js';
import type { Choices } from './choices.js';
import type { Person } from './people.js';

/** How a person's requests go out. `original`: end to end, the proxy sees nothing. */
export type Route = 'delegated' | 'original';

export interface ClientWish {
  person: Person;
  profile: DeviceProfile;
  route: Route;
  policy: PolicyOptions;
  observer: Observer;
}

export type ClientFactory = (wish: ClientWish) => Client;

/** Engines held at one time: each has some megabytes of its own. */
const CLIENTS = 16;

export class Clients {
  readonly #factory: ClientFactory;
  /** The least recently used first. */
  readonly #clients = new Map<string, Client>();
  /** Closed once their last request is through. */
  readonly #closing = new Set<Promise<void>>();

  constructor(factory: ClientFactory) {
    this.#factory = factory;
  }

  of(wish: ClientWish): Client {
    const key = JSON.stringify([wish.person.name, wish.route, wish.profile]);
    const client = this.#clients.get(key) ?? this.#factory(wish);
    this.#clients.delete(key);
    this.#clients.set(key, client);
    const [oldest] = this.#clients;
    if (this.#clients.size > CLIENTS && oldest !== undefined) this.#close(...oldest);
    return client;
  }

  /** Takes back what `person` had granted for a host: their next request asks anew. */
  revoke(person: Person, host: string): void {
    for (const [key, client] of this.#clients) {
      if ((JSON.parse(key) as [string])[0] === person.name)
        client.revoke('the user changed what the proxy may do', { host, port: 443 });
    }
  }

  async close(): Promise<void> {
    for (const [key, client] of this.#clients) this.#close(key, client);
    await Promise.all(this.#closing);
  }

  #close(key: string, client: Client): void {
    this.#clients.delete(key);
    const closed = client.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }
}

/** The rules of a person, under what they chose on the start page. */
export function policyOf(
  rules: readonly PolicyRule[],
  choices: Choices,
  undelegated: boolean,
): PolicyOptions {
  const byRules = new DelegationPolicy({ rules });
  return {
    rules: [{ origin: '*', decision: 'ask' }],
    undelegated: undelegated ? 'tunnel' : 'fail',
    async ask(question): Promise<'deny' | GrantName> {
      const choice = choices.siteOf(question.host);
      if (choice === 'original' || choice === 'deny') return 'deny';
      if (choice !== undefined) return choice;
      const admission = await byRules.decide(question);
      return admission === undefined ? 'deny' : (grantName(admission.grant) as GrantName);
    },
  };
}
