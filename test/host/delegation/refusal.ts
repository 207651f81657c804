import { ProtocolError } from '../../../host/delegation/error.js';

/** Why `action` is refused: the code of the ProtocolError that it throws. */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
  return 'no error';
}
