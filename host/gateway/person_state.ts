// All that the gateway keeps of one person: cookies, choices, and what was visited. Nobody sees another's.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Choices } from './choices.js';
import { Cookies } from './cookies.js';
import { Ledger } from './ledger.js';
import type { Person } from './people.js';

export interface PersonState {
  readonly person: Person;
  readonly choices: Choices;
  readonly cookies: Cookies;
  readonly ledger: Ledger;
}

export class PersonStates {
  readonly #folder: string | undefined;
  readonly #states = new Map<string, PersonState>();

  /** Without a folder nothing outlives the gateway. */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** Throws DeputyError COOKIES_UNREADABLE, CHOICES_UNREADABLE. */
  of(person: Person): PersonState {
    const known = this.#states.get(person.name);
    if (known !== undefined) return known;
    const file = (name: string) => {
      if (this.#folder === undefined) return undefined;
      const own = join(this.#folder, person.name);
      mkdirSync(own, { recursive: true, mode: 0o700 });
      return join(own, name);
    };
    const state: PersonState = {
      person,
      choices: Choices.open(file('choices.json')),
      cookies: Cookies.open(file('cookies.json')),
      ledger: new Ledger(),
    };
    this.#states.set(person.name, state);
    return state;
  }
}
