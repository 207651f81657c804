// An error as a command ends with it.
import { DeputyError } from '../delegation/error.js';

/** Messages of our own errors say what to do next; the code is for scripts. */
export function describe(error: unknown): string {
  if (error instanceof DeputyError) return `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
}
