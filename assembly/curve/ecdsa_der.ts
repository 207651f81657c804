// Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER } (RFC 3279 §2.2.3) in DER.

/**
 * Writes r and s little-endian, `length` bytes each, and returns 1; 0 where the encoding is not DER (X.690 §8.3, §10.1:
 * shortest lengths and integers), a number is negative or too long, or bytes are left over.
 */
export function readSignature(r: usize, s: usize, length: i32, der: usize, derLength: i32): i32 {
  // With at most 49 bytes an integer, every length fits one byte.
  if (derLength < 2 || derLength > 129 || load<u8>(der) != 0x30) return 0;
  if ((load<u8>(der, 1) as i32) != derLength - 2) return 0;
  const end = der + derLength;
  const next = readInteger(r, length, der + 2, end);
  return next != 0 && readInteger(s, length, next, end) == end ? 1 : 0;
}

/** Returns the address after the integer, or 0. */
function readInteger(out: usize, length: i32, at: usize, end: usize): usize {
  if (end - at < 3 || load<u8>(at) != 2) return 0;
  let size = load<u8>(at, 1) as i32;
  at += 2;
  if (size == 0 || size > ((end - at) as i32)) return 0;
  const next = at + size;
  if (load<u8>(at) & 0x80) return 0;
  if (load<u8>(at) == 0 && size > 1) {
    // A leading zero only where the next byte would make the number negative.
    if (!(load<u8>(at, 1) & 0x80)) return 0;
    at++;
    size--;
  }
  if (size > length) return 0;
  memory.fill(out, 0, length);
  for (let i = 0; i < size; i++) store<u8>(out + i, load<u8>(next - 1 - i));
  return next;
}

/** Writes r and s, little-endian of `length` bytes, as DER; returns the number of bytes, at most 2 length + 8. */
export function writeSignature(out: usize, r: usize, s: usize, length: i32): i32 {
  const middle = writeInteger(out + 2, r, length);
  const end = writeInteger(middle, s, length);
  store<u8>(out, 0x30);
  store<u8>(out, (end - out - 2) as i32, 1);
  return (end - out) as i32;
}

function writeInteger(out: usize, number: usize, length: i32): usize {
  while (length > 1 && load<u8>(number + length - 1) == 0) length--;
  const sign = (load<u8>(number + length - 1) >> 7) as i32;
  store<u8>(out, 2);
  store<u8>(out, length + sign, 1);
  store<u8>(out, 0, 2);
  out += 2 + sign;
  for (let i = 0; i < length; i++) store<u8>(out + i, load<u8>(number + length - 1 - i));
  return out + length;
}
