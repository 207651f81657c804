// Comparing names (RFC 5280 §7.1). Attributes match where their bytes do, or where both values are text, of whatever string
// type, and equal after folding ASCII case, trimming spaces and collapsing runs of them: an excluded name stays excluded in
// another type. No Unicode normalization and no folding beyond ASCII. Comparing expects names that `isName` has seen.
import {
  after,
  body,
  sameElement,
  TAG_BMP_STRING,
  TAG_IA5_STRING,
  TAG_OID,
  TAG_PRINTABLE_STRING,
  TAG_SEQUENCE,
  TAG_SET,
  TAG_TELETEX_STRING,
  TAG_UNIVERSAL_STRING,
  TAG_UTF8_STRING,
  TAG_VISIBLE_STRING,
  tagOf,
} from "./der";

const ATTRIBUTES_MAX: i32 = 8;

/** 1 where [at, end) is one Name (§4.1.2.4): a sequence of sets of type and value, none of the sets empty. */
export function isName(at: usize, end: usize): i32 {
  if (tagOf(at, end) != TAG_SEQUENCE || after(at) != end) return 0;
  for (at = body(at); at < end; at = after(at)) {
    const rdnEnd = after(at);
    if (load<u8>(at) != TAG_SET || body(at) == rdnEnd) return 0;
    for (let attribute = body(at); attribute < rdnEnd; attribute = after(attribute)) {
      const type = body(attribute);
      const attributeEnd = after(attribute);
      if (load<u8>(attribute) != TAG_SEQUENCE || tagOf(type, attributeEnd) != TAG_OID) return 0;
      const value = after(type);
      if (value >= attributeEnd || after(value) != attributeEnd) return 0;
    }
  }
  return 1;
}

/** 1 where the two Name elements name the same entity. */
export function sameName(a: usize, b: usize): i32 {
  if (sameElement(a, b)) return 1;
  return matchRdns(body(a), after(a), body(b), after(b), 0);
}

/** 1 where the Name at `name` lies in the subtree of the Name at `base`: begins with all its RDNs (§4.2.1.10). */
export function nameWithin(name: usize, base: usize): i32 {
  return matchRdns(body(base), after(base), body(name), after(name), 1);
}

function matchRdns(a: usize, aEnd: usize, b: usize, bEnd: usize, mayBeLonger: i32): i32 {
  while (a < aEnd) {
    if (b == bEnd) return 0;
    if (!sameElement(a, b) && !sameAttributes(a, b)) return 0;
    a = after(a);
    b = after(b);
  }
  return (mayBeLonger || b == bEnd) as i32;
}

/**
 * 1 where the RDNs have the same attributes (§7.1): as many here as there, each with a match of its own. Their order follows
 * their encoding. RDNs have one attribute, rarely two or three; those of more than ATTRIBUTES_MAX match byte for byte alone.
 */
function sameAttributes(a: usize, b: usize): i32 {
  const count = countAttributes(a);
  if (count > ATTRIBUTES_MAX || countAttributes(b) != count) return 0;
  const aEnd = after(a);
  const bEnd = after(b);
  let taken = 0; // a bit for each attribute of a that has its match
  for (let wanted = body(b); wanted < bEnd; wanted = after(wanted)) {
    let found = 0;
    let bit = 1;
    for (let one = body(a); one < aEnd && !found; one = after(one)) {
      if (!(taken & bit) && sameAttribute(one, wanted)) found = bit;
      bit <<= 1;
    }
    if (!found) return 0;
    taken |= found;
  }
  return 1;
}

function countAttributes(rdn: usize): i32 {
  const end = after(rdn);
  let count = 0;
  for (let at = body(rdn); at < end; at = after(at)) count++;
  return count;
}

function sameAttribute(a: usize, b: usize): i32 {
  const aType = body(a);
  const bType = body(b);
  if (!sameElement(aType, bType)) return 0;
  const aValue = after(aType);
  const bValue = after(bType);
  if (sameElement(aValue, bValue)) return 1;
  return sameText(aValue, bValue);
}

/** One value being read: its characters, whatever its type. */
// @ts-ignore: decorator
@unmanaged
class Text {
  at: usize;
  end: usize;
  /** Bytes of a character; 0 for UTF-8, which has from one to four. */
  width: i32;

  /** 1 where the value is of a type whose characters are known. */
  open(value: usize): i32 {
    this.at = body(value);
    this.end = after(value);
    this.width = characterWidth(load<u8>(value));
    return (this.width >= 0) as i32;
  }

  /** The next character, folded; -1 at the end. Spaces in a row are one, and before the end none. */
  next(): i32 {
    const character = this.character();
    if (character != SPACE) return foldCase(character);
    this.skipSpaces();
    return this.at == this.end ? -1 : SPACE;
  }

  skipSpaces(): void {
    let at = this.at;
    while (this.character() == SPACE) at = this.at;
    this.at = at;
  }

  /** -1 at the end. What is no UTF-8 becomes some number, by the same rule on both sides. */
  character(): i32 {
    if (this.at >= this.end) return -1;
    const first = load<u8>(this.at++) as i32;
    let more = this.width - 1;
    if (this.width == 0) more = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    let character = this.width > 0 || more == 0 ? first : first & (0x3f >> more);
    for (; more > 0 && this.at < this.end; more--) {
      const octet = load<u8>(this.at++) as i32;
      character = this.width > 0 ? character << 8 | octet : character << 6 | (octet & 0x3f);
    }
    return character;
  }
}

const SPACE: i32 = 0x20;
const left = changetype<Text>(memory.data(12, 4));
const right = changetype<Text>(memory.data(12, 4));

/** -1 for a type that is compared byte for byte alone. */
function characterWidth(tag: i32): i32 {
  switch (tag) {
    case TAG_UTF8_STRING:
      return 0;
    case TAG_PRINTABLE_STRING:
    case TAG_IA5_STRING:
    case TAG_TELETEX_STRING: // read as Latin-1, as everyone does
    case TAG_VISIBLE_STRING:
      return 1;
    case TAG_BMP_STRING:
      return 2;
    case TAG_UNIVERSAL_STRING:
      return 4;
    default:
      return -1;
  }
}

function sameText(a: usize, b: usize): i32 {
  if (!left.open(a) || !right.open(b)) return 0;
  left.skipSpaces();
  right.skipSpaces();
  let character = 0;
  while (character != -1) {
    character = left.next();
    if (character != right.next()) return 0;
  }
  return 1;
}

/** ASCII letters to lower case; every other octet stays. */
// @ts-ignore: decorator
@inline
export function foldCase(octet: i32): i32 {
  return octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
}
