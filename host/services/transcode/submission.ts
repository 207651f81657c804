// How the fields of a form come back from devices whose variables know only text: what such a device can't say is
// written into the field's name, and the proxy makes of it what the origin would have got from a browser.
import { addressOf, FIELDS, OWN, relativeAddress } from './decks/address.js';
import type { Field, Form, Submit } from './flow/flow.js';

const OPTIONAL = `${OWN}o.`;
const SEVERAL = `${OWN}m.`;
const UNLESS = `${OWN}d.`;

/** The value of a field of which nothing is to be sent, on a device whose empty variable means its first value. */
export const NOTHING = `${OWN}none`;

/** The largest submission that is read; a larger one passes as it is. */
export const MAX_SUBMISSION = 256 * 1024;

/** The name under which the device sends the variable of `field`. */
export function sentName(field: Field): string {
  if (field.kind === 'choice' && field.multiple) return SEVERAL + field.name;
  return field.optional ? OPTIONAL + field.name : field.name;
}

/**
 * As `sentName`, for a device that knows no first value: an empty variable stands for `first`. Encoded for a form, so
 * that it can stand in a query as it is.
 */
export function encodedName(field: Field, first: string): string {
  const name = encodeURIComponent(sentName(field));
  // No dot may stand in the value, which ends at the first one; a second coding survives the device's decoding.
  const value = encodeURIComponent(encodeURIComponent(first).replaceAll('.', '%2E'));
  return first === '' ? name : `${UNLESS}${value}.${name}`;
}

/** A value among several in one variable, which are separated by semicolons. */
export const oneOfSeveral = (value: string) => value.replace(/[%;]/g, (c) => (c === '%' ? '%25' : '%3B'));

/** Where the device sends `form`, as it stands in the page at `url`. A form sent by GET gets its query from the fields. */
export function formAddress(form: Form, url: string, hasFields: boolean): string {
  const address = relativeAddress(form.action, url);
  const path = address.replace(/\?.*$/s, '');
  if (form.method === 'get') return path;
  return hasFields ? path + addressOf(address, FIELDS) : address;
}

/** The form as one of its buttons sends it. */
export const submittedBy = (form: Form, { action, method }: Submit): Form => ({
  ...form,
  action: action ?? form.action,
  method: method ?? form.method,
});

/** Whether the proxy has to put the fields of `form` right. */
export const needsCare = (form: Form): boolean =>
  form.fields.some((field) => field.kind !== 'hidden' && sentName(field) !== field.name);

/** The submission as a browser would have sent it; undefined where that is what it is already. */
export function browserSubmission(fields: string): string | undefined {
  if (!fields.includes(OWN)) return undefined;
  return fields
    .split('&')
    .flatMap((field) => {
      const at = field.indexOf('=');
      if (at < 0 || !field.startsWith(OWN)) return [field];
      return browserFields(field.slice(0, at), field.slice(at + 1));
    })
    .join('&');
}

/** Both still encoded for a form (URL Standard §5.1), in whatever character set. */
function browserFields(name: string, value: string): string[] {
  const first = /^deputy\.d\.([^.]*)\.(.*)$/s.exec(name);
  if (first !== null) return browserFields(first[2]!, value === '' ? first[1]!.replace(/%25/g, '%') : value);
  if (value === NOTHING) return [];
  if (name.startsWith(OPTIONAL)) return value === '' ? [] : [`${name.slice(OPTIONAL.length)}=${value}`];
  if (name.startsWith(SEVERAL)) {
    const plain = name.slice(SEVERAL.length);
    return value
      .split(/;|%3B/i)
      .filter((part) => part !== '')
      .map((part) => `${plain}=${part.replace(/%253B/gi, '%3B').replace(/%2525/g, '%25')}`);
  }
  return [`${name}=${value}`];
}

/** A form's body, put right where it is small enough to be read. */
export async function* submittedBody(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_SUBMISSION) yield* chunks.splice(0);
  }
  const whole = Buffer.concat(chunks).toString('latin1');
  const right = length > MAX_SUBMISSION ? undefined : browserSubmission(whole);
  if (whole !== '') yield Buffer.from(right ?? whole, 'latin1');
}
