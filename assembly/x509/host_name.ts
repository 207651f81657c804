// Is this certificate for the host that was asked for (RFC 6125 §6, RFC 9525 §6)? Only subject alternative names count.
import { parseAddress } from "./address";
import { after, body, bodyLength } from "./der";
import { foldCase } from "./distinguished_name";
import { DNS_NAME, IP_ADDRESS } from "./general_name";

const address: usize = memory.data(16, 4);

/**
 * 1 where one of the GeneralNames at `names` (0 for none) stands for `host`: a DNS name in ASCII (A-labels, one
 * trailing dot is allowed) or an IP address as text. Case doesn't matter. A wildcard is the whole leftmost label,
 * stands for exactly one, and has two labels or more after it. It may stand for a label with an underscore; a certificate's own
 * text may have none (RFC 5280 §4.2.1.6: preferred name syntax).
 */
export function matchHostName(names: usize, host: usize, length: i32): i32 {
  if (names == 0) return 0;
  const addressLength = parseAddress(host, length, address);
  if (addressLength == 0) {
    if (length > 0 && load<u8>(host + length - 1) == 0x2e) length--;
    if (!isHostName(host, length)) return 0;
  }
  const end = after(names);
  for (let at = body(names); at < end; at = after(at)) {
    const tag = load<u8>(at) as i32;
    const name = body(at);
    const nameLength = bodyLength(at);
    if (tag == IP_ADDRESS && addressLength > 0) {
      if (nameLength == addressLength && memory.compare(name, address, addressLength) == 0) return 1;
    } else if (tag == DNS_NAME && addressLength == 0) {
      if (matchDnsName(name, nameLength, host, length)) return 1;
    }
  }
  return 0;
}

/**
 * 1 where the text is a name that can be looked up: labels of 1 to 63 letters, digits, hyphens and underscores, 253 in
 * all, the last not all digits (such a text is a mistyped address).
 */
export function isHostName(host: usize, length: i32): i32 {
  if (length < 1 || length > 253) return 0;
  let label = 0;
  let digits = 0;
  for (let i = 0; i < length; i++) {
    const octet = foldCase(load<u8>(host + i));
    if (octet == 0x2e) {
      if (label == 0 || label > 63) return 0;
      label = digits = 0;
      continue;
    }
    const isDigit = octet >= 0x30 && octet <= 0x39;
    if (!isDigit && !(octet >= 0x61 && octet <= 0x7a) && octet != 0x2d && octet != 0x5f) return 0;
    digits += isDigit as i32;
    label++;
  }
  return (label > 0 && label <= 63 && digits < label) as i32;
}

function matchDnsName(name: usize, nameLength: i32, host: usize, length: i32): i32 {
  if (has(0x5f /* _ */, name, nameLength)) return 0;
  if (nameLength > 2 && load<u8>(name) == 0x2a /* * */ && load<u8>(name, 1) == 0x2e) {
    let label = 0;
    while (label < length && load<u8>(host + label) != 0x2e) label++;
    if (!has(0x2e, name + 2, nameLength - 2)) return 0;
    return sameText(name + 1, nameLength - 1, host + label, length - label);
  }
  // A star elsewhere equals nothing: no host has one.
  return sameText(name, nameLength, host, length);
}

function has(character: i32, text: usize, length: i32): i32 {
  for (let i = 0; i < length; i++) {
    if (load<u8>(text + i) == character) return 1;
  }
  return 0;
}

/** Equality but for the case of ASCII letters. */
export function sameText(a: usize, aLength: i32, b: usize, bLength: i32): i32 {
  if (aLength != bLength) return 0;
  for (let i = 0; i < aLength; i++) {
    if (foldCase(load<u8>(a + i)) != foldCase(load<u8>(b + i))) return 0;
  }
  return 1;
}
