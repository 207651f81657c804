// One text for one value, so that a hash of the text is a hash of the value (RFC 8785, JSON Canonicalization Scheme).

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Members in the order of their names' UTF-16 units, no white space. JavaScript's own numbers and strings are RFC 8785's. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const object = value as { readonly [key: string]: Json };
  const members = Object.keys(object).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(object[key]!)}`).join(',')}}`;
}
