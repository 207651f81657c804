// DER (X.690 §8, §10, §11), read in place. `checkDer` looks at the whole structure once, at the edge; after that the
// walking functions need not doubt a length.
import { load16be } from "../memory";

export const TAG_BOOLEAN: i32 = 0x01;
export const TAG_INTEGER: i32 = 0x02;
export const TAG_BIT_STRING: i32 = 0x03;
export const TAG_OCTET_STRING: i32 = 0x04;
export const TAG_NULL: i32 = 0x05;
export const TAG_OID: i32 = 0x06;
export const TAG_ENUMERATED: i32 = 0x0a;
export const TAG_UTF8_STRING: i32 = 0x0c;
export const TAG_PRINTABLE_STRING: i32 = 0x13;
export const TAG_TELETEX_STRING: i32 = 0x14;
export const TAG_IA5_STRING: i32 = 0x16;
export const TAG_UTC_TIME: i32 = 0x17;
export const TAG_GENERALIZED_TIME: i32 = 0x18;
export const TAG_VISIBLE_STRING: i32 = 0x1a;
export const TAG_UNIVERSAL_STRING: i32 = 0x1c;
export const TAG_BMP_STRING: i32 = 0x1e;
export const TAG_SEQUENCE: i32 = 0x30;
export const TAG_SET: i32 = 0x31;

/** The bit in a tag that marks an element made of elements. */
const CONSTRUCTED: i32 = 0x20;
/** Certificates nest to some eight levels, names inside name constraints to ten. */
const MAX_DEPTH: i32 = 16;

/**
 * 1 where [at, end) is a run of whole DER elements: definite minimal lengths below 64 KiB, tag numbers below 31,
 * universal types in the one form and content that DER allows them. What an OCTET STRING or BIT STRING encloses is not
 * looked into.
 */
export function checkDer(at: usize, end: usize): i32 {
  return checkElements(at, end, MAX_DEPTH);
}

/** 1 where [at, end) is exactly one well-formed element with this tag. */
export function checkDerElement(at: usize, end: usize, tag: i32): i32 {
  return (at < end && (load<u8>(at) as i32) == tag && checkDer(at, end) && after(at) == end) as i32;
}

function checkElements(at: usize, end: usize, depth: i32): i32 {
  if (depth == 0) return 0;
  while (at < end) {
    const length = checkedLength(at, end);
    if (length < 0) return 0;
    const content = body(at);
    const tag = load<u8>(at) as i32;
    if ((tag & CONSTRUCTED) != 0) {
      if (tag < 0x40 && tag != TAG_SEQUENCE && tag != TAG_SET) return 0;
      if (!checkElements(content, content + length, depth - 1)) return 0;
    } else if (tag < 0x40 && !checkPrimitive(tag, content, length)) {
      return 0;
    }
    at = content + length;
  }
  return 1;
}

/** Content length of the element at `at`, or -1 where its header is not DER or the content does not fit. */
function checkedLength(at: usize, end: usize): i32 {
  const room = (end - at) as i32;
  if (room < 2) return -1;
  if ((load<u8>(at) & 0x1f) == 0x1f) return -1;
  const first = load<u8>(at, 1) as i32;
  if (first < 0x80) return first <= room - 2 ? first : -1;
  if (first == 0x81) {
    if (room < 3) return -1;
    const length = load<u8>(at, 2) as i32;
    return length >= 0x80 && length <= room - 3 ? length : -1;
  }
  if (first == 0x82) {
    if (room < 4) return -1;
    const length = load16be(at + 2);
    return length >= 0x100 && length <= room - 4 ? length : -1;
  }
  return -1;
}

function checkPrimitive(tag: i32, content: usize, length: i32): i32 {
  switch (tag) {
    case TAG_BOOLEAN: // X.690 §11.1
      return (length == 1 && (load<u8>(content) == 0 || load<u8>(content) == 0xff)) as i32;
    case TAG_INTEGER:
    case TAG_ENUMERATED: { // X.690 §8.3.2: the first nine bits are not all equal
      if (length < 1) return 0;
      if (length == 1) return 1;
      const first = load<u8>(content) as i32;
      const sign = (load<u8>(content, 1) as i32) >> 7;
      return (!(first == 0 && sign == 0) && !(first == 0xff && sign == 1)) as i32;
    }
    case TAG_BIT_STRING: { // X.690 §11.2.1: unused bits are zero
      if (length < 1) return 0;
      const unused = load<u8>(content) as i32;
      if (length == 1) return (unused == 0) as i32;
      return (unused < 8 && ((load<u8>(content + length - 1) as i32) & ((1 << unused) - 1)) == 0) as i32;
    }
    case TAG_NULL:
      return (length == 0) as i32;
    case TAG_OID:
      return checkOid(content, length);
    case TAG_SEQUENCE - CONSTRUCTED:
    case TAG_SET - CONSTRUCTED:
      return 0;
    default:
      return (tag != 0) as i32;
  }
}

/** X.690 §8.19.2: each subidentifier is minimal, the last one is whole. */
function checkOid(content: usize, length: i32): i32 {
  if (length < 1 || load<u8>(content + length - 1) >= 0x80) return 0;
  let starts = true;
  for (let i = 0; i < length; i++) {
    const octet = load<u8>(content + i) as i32;
    if (starts && octet == 0x80) return 0;
    starts = octet < 0x80;
  }
  return 1;
}

// The walk. All of it expects `at` to stand on an element that `checkDer` has seen.

/** Tag of the element at `at`, or -1 at the end. */
// @ts-ignore: decorator
@inline
export function tagOf(at: usize, end: usize): i32 {
  return at < end ? (load<u8>(at) as i32) : -1;
}

/** Address of the content. */
export function body(at: usize): usize {
  const first = load<u8>(at, 1) as usize;
  return at + 2 + (first > 0x80 ? first - 0x80 : 0);
}

/** Content length in bytes. */
export function bodyLength(at: usize): i32 {
  const first = load<u8>(at, 1) as i32;
  return first < 0x80 ? first : longLength(at + 2, first - 0x80);
}

/**
 * A number of so many bytes. By recursion, of two steps at most, because it is the one shape that the optimizer doesn't
 * copy into its callers: bodyLength has a hundred of them, and each copy would be larger than the call.
 */
function longLength(at: usize, bytes: i32): i32 {
  return bytes == 0 ? 0 : longLength(at, bytes - 1) << 8 | (load<u8>(at + bytes - 1) as i32);
}

/** Address after the element. */
export function after(at: usize): usize {
  return body(at) + bodyLength(at);
}

/** 1 where the two elements are the same bytes. */
export function sameElement(a: usize, b: usize): i32 {
  const length = (after(a) - a) as i32;
  return ((after(b) - b) as i32 == length && memory.compare(a, b, length) == 0) as i32;
}

/** 1 where the element's content, an OBJECT IDENTIFIER's as a rule, is these `length` bytes. */
export function isOid(at: usize, content: usize, length: i32): i32 {
  return (bodyLength(at) == length && memory.compare(body(at), content, length) == 0) as i32;
}

/** 1 where algorithm parameters are NULL or left out. */
export function isNullOrAbsent(parameters: usize, end: usize): i32 {
  return (parameters == end || (tagOf(parameters, end) == TAG_NULL && after(parameters) == end)) as i32;
}
