// What a target under V8 is: a reader of the host's, and bytes to begin with.

export interface Reader {
  name: string;
  about: string;
  seeds: () => Promise<Uint8Array[]>;
  /** Words of its language: the mutator puts them in. */
  words: string[];
  /** Reads one input. Throws where something is not as it must be: every error of the reader's own is caught here. */
  read: (input: Uint8Array) => Promise<void> | void;
}

/** What must always hold does not. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Finding(what);
}

/** Runs `read`; an error that `isExpected` knows is what bad input is there for, and undefined comes back. */
export async function refusing<T>(
  isExpected: (error: unknown) => boolean,
  read: () => Promise<T> | T,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isExpected(error)) return undefined;
    throw error;
  }
}
