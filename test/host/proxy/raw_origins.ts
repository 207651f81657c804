// Raw origins that live as long as the tests of a file.
import { afterAll } from 'vitest';
import { type RawOrigin, rawOrigin } from './delegated.js';

/** Makes raw origins that are closed after the tests of this file. */
export function rawOrigins(): typeof rawOrigin {
  const made: RawOrigin[] = [];
  afterAll(() => Promise.all(made.map((origin) => origin.close())));
  return async (...args) => {
    const origin = await rawOrigin(...args);
    made.push(origin);
    return origin;
  };
}
