// Comparing names (RFC 5280 §7.1). Attributes match where their bytes do, or where both values are PrintableString,
// UTF8String or IA5String and equal after folding ASCII case, trimming spaces and collapsing runs of them. Beyond ASCII
// it is byte equality: no Unicode normalization, so a path may be missed, never invented. Comparing expects names that
// `isName` has seen.
import {
  after,
  body,
  bodyLength,
  sameElement,
  TAG_IA5_STRING,
  TAG_OID,
  TAG_PRINTABLE_STRING,
  TAG_SEQUENCE,
  TAG_SET,
  TAG_UTF8_STRING,
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
  if (!isFolded(load<u8>(aValue)) || !isFolded(load<u8>(bValue))) return 0;
  return sameFolded(body(aValue), bodyLength(aValue), body(bValue), bodyLength(bValue));
}

function isFolded(tag: i32): i32 {
  return (tag == TAG_PRINTABLE_STRING || tag == TAG_UTF8_STRING || tag == TAG_IA5_STRING) as i32;
}

function sameFolded(a: usize, aLength: i32, b: usize, bLength: i32): i32 {
  let aEnd = a + aLength;
  let bEnd = b + bLength;
  while (aEnd > a && load<u8>(aEnd - 1) == 0x20) aEnd--;
  while (bEnd > b && load<u8>(bEnd - 1) == 0x20) bEnd--;
  a = afterSpaces(a, aEnd);
  b = afterSpaces(b, bEnd);
  while (a < aEnd && b < bEnd) {
    const octet = foldCase(load<u8>(a));
    if (octet != foldCase(load<u8>(b))) return 0;
    a++;
    b++;
    if (octet == 0x20) {
      a = afterSpaces(a, aEnd);
      b = afterSpaces(b, bEnd);
    }
  }
  return (a == aEnd && b == bEnd) as i32;
}

function afterSpaces(at: usize, end: usize): usize {
  while (at < end && load<u8>(at) == 0x20) at++;
  return at;
}

/** ASCII letters to lower case; every other octet stays. */
// @ts-ignore: decorator
@inline
export function foldCase(octet: i32): i32 {
  return octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
}
