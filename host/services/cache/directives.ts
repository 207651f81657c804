// Cache-Control (RFC 9111 §5.2): directives as a cache may trust them. What is malformed counts against reuse.

/** Larger ages and lifetimes mean "for ever" (RFC 9111 §1.2.2). */
export const FOR_EVER = 2 ** 31;

const MAX_DIRECTIVES = 64;
const SECONDS = new Set(['max-age', 's-maxage', 'min-fresh', 'stale-while-revalidate', 'stale-if-error']);

/** Names in lower case. `true` for a directive without an argument; a number of seconds in decimal digits. */
export type Directives = ReadonlyMap<string, string | true>;

export function parseDirectives(value: string | undefined): Directives {
  const directives = new Map<string, string | true>();
  for (const member of splitList(value ?? '').slice(0, MAX_DIRECTIVES)) {
    const equals = member.indexOf('=');
    const name = (equals < 0 ? member : member.slice(0, equals)).trim().toLowerCase();
    if (name === '') continue;
    const argument = equals < 0 ? true : unquote(member.slice(equals + 1).trim());
    if (SECONDS.has(name)) directives.set(name, smaller(directives.get(name), lifetime(argument)));
    else if (name === 'max-stale') directives.set(name, argument === true ? true : lifetime(argument));
    // no-cache="field" and private="field" forbid more than they must here (RFC 9111 §5.2.2.4, §5.2.2.7).
    else directives.set(name, true);
  }
  return directives;
}

export function formatDirectives(directives: Iterable<readonly [string, string | true]>): string {
  return [...directives].map(([name, value]) => (value === true ? name : `${name}=${value}`)).join(', ');
}

/** Seconds of a directive; 0 where it is absent. */
export const secondsOf = (directives: Directives, name: string): number => Number(directives.get(name) ?? 0);

/** Members of a comma-separated list; commas in quoted strings part nothing. */
export function splitList(value: string): string[] {
  const members: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < value.length; at++) {
    const character = value[at];
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (character === ',' && !quoted) {
      members.push(value.slice(start, at).trim());
      start = at + 1;
    }
  }
  members.push(value.slice(start).trim());
  return members.filter((member) => member !== '');
}

const unquote = (text: string): string =>
  text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;

/** RFC 9111 §4.2.1: invalid freshness information means stale. */
function lifetime(argument: string | true): string {
  if (argument === true || !/^\d+$/.test(argument)) return '0';
  return String(Math.min(FOR_EVER, Number(argument)));
}

/** RFC 9111 §4.2.1: of conflicting values, the most restrictive. */
const smaller = (one: string | true | undefined, other: string): string =>
  typeof one === 'string' && Number(one) < Number(other) ? one : other;
