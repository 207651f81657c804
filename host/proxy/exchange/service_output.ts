// What services give back, checked before any of it reaches the wire.
import { type Answer, HeaderList } from '../../services/service.js';

export function checkedAnswer(answer: Answer): Answer {
  const { status, reason } = checkedHead(answer.status, answer.reason ?? '');
  if (!(answer.body instanceof Uint8Array)) throw new TypeError('the body of an answer must be a Uint8Array');
  return {
    ...answer,
    status,
    reason,
    headers: new HeaderList(answer.headers),
    ...(answer.refresh && { refresh: new HeaderList(answer.refresh) }),
  };
}

/** Before anything is changed: half a change would be worse than none. */
export function checkHeaders(headers: HeaderList | undefined): void {
  if (headers !== undefined) new HeaderList(headers);
}

/** RFC 9112 §6.3: whatever bytes follow would be taken for the next answer. */
export const isBodiless = (status: number) => status === 204 || status === 304;

export function checkedTarget(target: string): string {
  if (!/^[\x21-\x7e]+$/.test(target)) throw new TypeError('a request target holds a space or a control');
  return target;
}

export function checkedHead(status: number, reason: string): { status: number; reason: string } {
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new TypeError(`${status} is no final status`);
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(reason))
    throw new TypeError('a reason phrase holds a control character');
  return { status, reason };
}
