// Address patterns of EasyList: `||` before a domain, `|` at an end, `*` for anything, `^` for a separator. Matched
// by hand, piece after piece: no pattern of a list, and no address, can make it slow.

export interface Pattern {
  /** Text between wildcards; `^` in it stands for a separator or the end of the address. */
  pieces: readonly string[];
  /** `||`: begins with a domain or a subdomain of it. `|`: begins with the address. */
  anchor: 'domain' | 'start' | 'none';
  anchoredEnd: boolean;
  matchCase: boolean;
}

/** An address as patterns see it. */
export interface Address {
  text: string;
  lower: string;
  /** Where the host name begins and ends in the text. */
  hostStart: number;
  hostEnd: number;
  host: string;
}

/** The rest of a longer address is not looked at. */
const MAX_ADDRESS = 8192;

export function parsePattern(source: string, matchCase: boolean): Pattern {
  let text = matchCase ? source : source.toLowerCase();
  const anchor = text.startsWith('||') ? 'domain' : text.startsWith('|') ? 'start' : 'none';
  text = text.slice(anchor === 'domain' ? 2 : anchor === 'start' ? 1 : 0);
  const anchoredEnd = text.endsWith('|');
  if (anchoredEnd) text = text.slice(0, -1);
  // A run of wildcards is one.
  return { pieces: text.split(/\*+/), anchor, anchoredEnd, matchCase };
}

/** Undefined for what is no http or https URL. */
export function parseAddress(url: string): Address | undefined {
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  const { protocol, hostname } = parsed;
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  parsed.username = '';
  parsed.password = '';
  parsed.hash = '';
  const hostStart = protocol.length + 2;
  const text = parsed.href.slice(0, MAX_ADDRESS);
  return {
    text,
    lower: text.toLowerCase(),
    hostStart,
    hostEnd: hostStart + hostname.length,
    host: hostname.toLowerCase(),
  };
}

export function matches(pattern: Pattern, address: Address): boolean {
  const text = pattern.matchCase ? address.text : address.lower;
  const [first = '', ...rest] = pattern.pieces;
  if (pattern.anchor === 'none') return findRest(pattern, text, [first, ...rest], 0, false);
  const starts = pattern.anchor === 'start' ? [0] : domainStarts(address);
  return starts.some((start) => {
    const end = matchAt(text, first, start);
    return end >= 0 && findRest(pattern, text, rest, end, rest.length === 0);
  });
}

/** The host name's beginning, and after each of its dots. */
function domainStarts({ lower, hostStart, hostEnd }: Address): number[] {
  const starts = [hostStart];
  for (let at = hostStart; at < hostEnd; at++) if (lower[at] === '.') starts.push(at + 1);
  return starts;
}

/** The first place for each piece is the best one; only the last may have to lie at the end. */
function findRest(
  pattern: Pattern,
  text: string,
  pieces: readonly string[],
  from: number,
  done: boolean,
): boolean {
  let at = from;
  for (const [index, piece] of pieces.entries()) {
    if (pattern.anchoredEnd && index === pieces.length - 1) return endsWith(text, piece, at);
    at = findPiece(text, piece, at);
    if (at < 0) return false;
  }
  return !(pattern.anchoredEnd && done) || at === text.length;
}

function endsWith(text: string, piece: string, from: number): boolean {
  // A `^` at the end may stand for the end itself.
  const lengths = piece.endsWith('^') ? [piece.length, piece.length - 1] : [piece.length];
  return lengths.some((length) => {
    const start = text.length - length;
    return start >= from && matchAt(text, piece, start) === text.length;
  });
}

/** Where the match ends; -1 where there is none. */
function findPiece(text: string, piece: string, from: number): number {
  if (!piece.includes('^')) {
    const at = text.indexOf(piece, from);
    return at < 0 ? -1 : at + piece.length;
  }
  for (let start = from; start <= text.length; start++) {
    const end = matchAt(text, piece, start);
    if (end >= 0) return end;
  }
  return -1;
}

function matchAt(text: string, piece: string, start: number): number {
  let at = start;
  for (let index = 0; index < piece.length; index++) {
    const wanted = piece[index]!;
    if (wanted === '^') {
      if (at === text.length) return index === piece.length - 1 ? at : -1;
      if (!isSeparator(text[at]!)) return -1;
    } else if (text[at] !== wanted) {
      return -1;
    }
    at++;
  }
  return at;
}

/** Anything but letters, digits and `_ - . %`. */
const isSeparator = (character: string): boolean => !/[\w\-.%]/.test(character);
