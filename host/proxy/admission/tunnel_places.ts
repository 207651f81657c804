// How many tunnels each client may have at once, delegable and blind ones together.

/** Gives the place back; once is enough. */
export type GiveBack = () => void;

export class TunnelPlaces {
  readonly #taken = new Map<string, number>();

  /**
   * Takes one of the `most` places of a client, before anything is waited for: many that ask at once get no more than
   * one by one. Undefined where all are taken.
   */
  take(client: string, most: number): GiveBack | undefined {
    const taken = this.#taken.get(client) ?? 0;
    if (taken >= most) return undefined;
    this.#taken.set(client, taken + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      const left = (this.#taken.get(client) ?? 1) - 1;
      if (left > 0) this.#taken.set(client, left);
      else this.#taken.delete(client);
    };
  }
}
