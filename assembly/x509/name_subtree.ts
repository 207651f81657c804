// Which names of text and numbers lie in a subtree of their kind (RFC 5280 §4.2.1.10).
import { isHostName, sameText } from "./host_name";

const AT: i32 = 0x40;
const COLON: i32 = 0x3a;
const DOT: i32 = 0x2e;
const SLASH: i32 = 0x2f;

/** 1 for a host name, behind a dot where that `mayBelow` stands for all names below it. */
export function isHostBase(base: usize, length: i32, mayBelow: i32): i32 {
  const below = mayBelow && length > 0 && load<u8>(base) == DOT ? 1 : 0;
  return isHostName(base + below, length - below);
}

/** 1 for a mailbox, a host, or a domain behind a dot. */
export function isMailBase(base: usize, length: i32): i32 {
  const at = lastOf(AT, base, length);
  if (at < 0) return isHostBase(base, length, 1);
  return at > 0 && isHostName(base + at + 1, length - at - 1) ? 1 : 0;
}

/** An address and a mask of ones followed by zeros (RFC 4632). */
export function isAddressRange(at: usize, length: i32): i32 {
  if (length != 8 && length != 32) return 0;
  let previous = 0xff;
  for (let i = length / 2; i < length; i++) {
    const octet = load<u8>(at + i) as i32;
    const inverse = octet ^ 0xff;
    if ((inverse & (inverse + 1)) != 0 || (octet != 0 && previous != 0xff)) return 0;
    previous = octet;
  }
  return 1;
}

/** `example.org` holds itself and all below it; empty, everything. */
export function dnsNameWithin(name: usize, length: i32, base: usize, baseLength: i32): i32 {
  if (baseLength == 0) return 1;
  if (length < baseLength) return 0;
  const tail = name + (length - baseLength);
  if (!sameText(tail, baseLength, base, baseLength)) return 0;
  return (length == baseLength || load<u8>(tail - 1) == DOT) as i32;
}

/** As above, and 1 too where the name is a wildcard that could stand for something inside. */
export function dnsNameMeets(name: usize, length: i32, base: usize, baseLength: i32): i32 {
  if (dnsNameWithin(name, length, base, baseLength)) return 1;
  if (length < 3 || load<u8>(name) != 0x2a || load<u8>(name, 1) != DOT) return 0;
  let label = 0;
  while (label < baseLength && load<u8>(base + label) != DOT) label++;
  return (label > 0 && sameText(name + 1, length - 1, base + label, baseLength - label)) as i32;
}

export function addressWithin(name: usize, length: i32, range: usize, rangeLength: i32): i32 {
  if (rangeLength != 2 * length) return 0;
  for (let i = 0; i < length; i++) {
    const difference = load<u8>(name + i) ^ load<u8>(range + i);
    if ((difference & load<u8>(range + length + i)) != 0) return 0;
  }
  return 1;
}

/** A mailbox's local part has its case, its host has none (RFC 5280 §7.5). -1 for what is no mailbox. */
export function mailWithin(name: usize, length: i32, base: usize, baseLength: i32): i32 {
  const at = lastOf(AT, name, length);
  const host = name + at + 1;
  const hostLength = length - at - 1;
  if (at < 1 || !isHostName(host, hostLength)) return -1;
  const baseAt = lastOf(AT, base, baseLength);
  if (baseAt < 0) return hostWithin(host, hostLength, base, baseLength);
  if (baseAt != at || memory.compare(name, base, at) != 0) return 0;
  return sameText(host, hostLength, base + at + 1, baseLength - at - 1);
}

/** The host of a URI; -1 where it has none that is a name: the RFC has such a certificate refused. */
export function uriWithin(name: usize, length: i32, base: usize, baseLength: i32): i32 {
  const end = name + length;
  let host = name;
  while (host < end && load<u8>(host) != COLON) host++;
  if (end - host < 3 || load<u8>(host, 1) != SLASH || load<u8>(host, 2) != SLASH) return -1;
  host += 3;
  let stop = host;
  while (stop < end && !isAuthorityEnd(load<u8>(stop))) stop++;
  // Userinfo before the host, a port behind it (RFC 3986 §3.2).
  host += lastOf(AT, host, (stop - host) as i32) + 1;
  let hostEnd = host;
  while (hostEnd < stop && load<u8>(hostEnd) != COLON) hostEnd++;
  const hostLength = (hostEnd - host) as i32;
  return isHostName(host, hostLength) ? hostWithin(host, hostLength, base, baseLength) : -1;
}

/** Where the path, the query or the fragment begins. */
function isAuthorityEnd(character: i32): bool {
  return character == SLASH || character == 0x3f || character == 0x23;
}

/** `.example.org` holds all below it, `example.org` itself alone. */
function hostWithin(host: usize, length: i32, base: usize, baseLength: i32): i32 {
  if (load<u8>(base) != DOT) return sameText(host, length, base, baseLength);
  return length > baseLength ? sameText(host + (length - baseLength), baseLength, base, baseLength) : 0;
}

/** Place of the last such character, -1 where there is none. */
function lastOf(character: i32, text: usize, length: i32): i32 {
  let at = length - 1;
  while (at >= 0 && load<u8>(text + at) != character) at--;
  return at;
}
