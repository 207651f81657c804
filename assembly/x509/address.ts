// IP addresses as a person writes them (RFC 3986 §3.2.2's IPv4address, RFC 4291 §2.2 for IPv6).
import { store16be } from "../memory";

/**
 * Reads a whole text of `length` bytes. Writes 4 or 16 bytes in network order to `out` and returns their number,
 * or 0 where the text is no address. No zone ids, no brackets, no leading zeros in IPv4.
 */
export function parseAddress(text: usize, length: i32, out: usize): i32 {
  for (let i = 0; i < length; i++) {
    if (load<u8>(text + i) == 0x3a /* : */) return parseIpv6(text, text + length, out);
  }
  return parseIpv4(text, text + length, out) ? 4 : 0;
}

function parseIpv4(at: usize, end: usize, out: usize): i32 {
  for (let i = 0; i < 4; i++) {
    if (i > 0) {
      if (at >= end || load<u8>(at) != 0x2e /* . */) return 0;
      at++;
    }
    const start = at;
    let value: u32 = 0;
    while (at < end && at - start < 3) {
      const digit = (load<u8>(at) as u32) - 0x30;
      if (digit > 9) break;
      value = value * 10 + digit;
      at++;
    }
    if (at == start || value > 255 || (at - start > 1 && load<u8>(start) == 0x30)) return 0;
    store<u8>(out + i, value);
  }
  return (at == end) as i32;
}

function parseIpv6(at: usize, end: usize, out: usize): i32 {
  memory.fill(out, 0, 16);
  let words = 0;
  let gap = -1; // how many words stand before "::"
  if (end - at >= 2 && load<u8>(at) == 0x3a && load<u8>(at, 1) == 0x3a) {
    gap = 0;
    at += 2;
  }
  while (at < end) {
    if (words == 8) return 0;
    const start = at;
    let value: u32 = 0;
    while (at < end && at - start < 4) {
      const digit = hexDigit(load<u8>(at));
      if (digit < 0) break;
      value = value << 4 | digit;
      at++;
    }
    if (at == start) return 0;
    if (at < end && load<u8>(at) == 0x2e) {
      // The last 32 bits may be an IPv4 address.
      if (words > 6 || !parseIpv4(start, end, out + 2 * words)) return 0;
      words += 2;
      at = end;
      break;
    }
    store16be(out + 2 * words, value);
    words++;
    if (at == end) break;
    if (load<u8>(at) != 0x3a || ++at == end) return 0;
    if (load<u8>(at) == 0x3a) {
      if (gap >= 0) return 0;
      gap = words;
      at++;
    }
  }
  if (gap < 0) return words == 8 ? 16 : 0;
  if (words == 8) return 0;
  const tail = 2 * (words - gap);
  memory.copy(out + 16 - tail, out + 2 * gap, tail);
  memory.fill(out + 2 * gap, 0, 16 - tail - 2 * gap);
  return 16;
}

function hexDigit(octet: i32): i32 {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const letter = octet | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
