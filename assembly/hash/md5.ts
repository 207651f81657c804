// MD5 (RFC 1321). Broken for signatures; here for HMAC-MD5, and for the PRFs of SSL 3.0 to TLS 1.1.
//
// Its time depends on the number of blocks alone, never on the bytes in them.

/** Bytes of a digest. */
export const MD5_SIZE: i32 = 16;
/** Bytes of a block. */
export const MD5_BLOCK: i32 = 64;

// RFC 1321 §3.3
const INITIAL = memory.data<u32>([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);

/** Writes the initial buffer, four words, to `state`. */
export function md5Init(state: usize): void {
  memory.copy(state, INITIAL, 16);
}

/**
 * Compresses `blocks` blocks of 64 bytes at `data` into `state` (four u32 in the machine's order).
 * The four rounds of RFC 1321 §3.4 line by line; F and G with one operation fewer than they are written there, and H, of which two
 * lines share a part.
 *
 * From the last lines of round 3 to those of round 4, `b` and `c` hold the complements of their words. Then I(b, c, d) =
 * c ^ (b | ~d) needs no `~`, or one that a subtraction and the constant take in: -1 - x is ~x. Nor does c, which comes of the
 * complement of what is turned.
 */
export function md5Blocks(state: usize, data: usize, blocks: i32): void {
  let s0 = load<u32>(state); let a = s0;
  let s1 = load<u32>(state, 4); let b = s1;
  let s2 = load<u32>(state, 8); let c = s2;
  let s3 = load<u32>(state, 12); let d = s3;
  if (blocks <= 0) return;
  const end = data + (blocks << 6);
  do {
    const x0 = load<u32>(data);
    const x1 = load<u32>(data, 4);
    const x2 = load<u32>(data, 8);
    const x3 = load<u32>(data, 12);
    const x4 = load<u32>(data, 16);
    const x5 = load<u32>(data, 20);
    const x6 = load<u32>(data, 24);
    const x7 = load<u32>(data, 28);
    const x8 = load<u32>(data, 32);
    const x9 = load<u32>(data, 36);
    const x10 = load<u32>(data, 40);
    const x11 = load<u32>(data, 44);
    const x12 = load<u32>(data, 48);
    const x13 = load<u32>(data, 52);
    const x14 = load<u32>(data, 56);
    const x15 = load<u32>(data, 60);

    a = rotl<u32>((((c ^ d) & b) ^ d) + a + x0 + 0xd76aa478, 7) + b;
    d = rotl<u32>((((b ^ c) & a) ^ c) + d + x1 + 0xe8c7b756, 12) + a;
    c = rotl<u32>((((a ^ b) & d) ^ b) + c + x2 + 0x242070db, 17) + d;
    b = rotl<u32>((((d ^ a) & c) ^ a) + b + x3 + 0xc1bdceee, 22) + c;
    a = rotl<u32>((((c ^ d) & b) ^ d) + a + x4 + 0xf57c0faf, 7) + b;
    d = rotl<u32>((((b ^ c) & a) ^ c) + d + x5 + 0x4787c62a, 12) + a;
    c = rotl<u32>((((a ^ b) & d) ^ b) + c + x6 + 0xa8304613, 17) + d;
    b = rotl<u32>((((d ^ a) & c) ^ a) + b + x7 + 0xfd469501, 22) + c;
    a = rotl<u32>((((c ^ d) & b) ^ d) + a + x8 + 0x698098d8, 7) + b;
    d = rotl<u32>((((b ^ c) & a) ^ c) + d + x9 + 0x8b44f7af, 12) + a;
    c = rotl<u32>((((a ^ b) & d) ^ b) + c + x10 + 0xffff5bb1, 17) + d;
    b = rotl<u32>((((d ^ a) & c) ^ a) + b + x11 + 0x895cd7be, 22) + c;
    a = rotl<u32>((((c ^ d) & b) ^ d) + a + x12 + 0x6b901122, 7) + b;
    d = rotl<u32>((((b ^ c) & a) ^ c) + d + x13 + 0xfd987193, 12) + a;
    c = rotl<u32>((((a ^ b) & d) ^ b) + c + x14 + 0xa679438e, 17) + d;
    b = rotl<u32>((((d ^ a) & c) ^ a) + b + x15 + 0x49b40821, 22) + c;

    a = rotl<u32>((((b ^ c) & d) ^ c) + a + x1 + 0xf61e2562, 5) + b;
    d = rotl<u32>((((a ^ b) & c) ^ b) + d + x6 + 0xc040b340, 9) + a;
    c = rotl<u32>((((d ^ a) & b) ^ a) + c + x11 + 0x265e5a51, 14) + d;
    b = rotl<u32>((((c ^ d) & a) ^ d) + b + x0 + 0xe9b6c7aa, 20) + c;
    a = rotl<u32>((((b ^ c) & d) ^ c) + a + x5 + 0xd62f105d, 5) + b;
    d = rotl<u32>((((a ^ b) & c) ^ b) + d + x10 + 0x02441453, 9) + a;
    c = rotl<u32>((((d ^ a) & b) ^ a) + c + x15 + 0xd8a1e681, 14) + d;
    b = rotl<u32>((((c ^ d) & a) ^ d) + b + x4 + 0xe7d3fbc8, 20) + c;
    a = rotl<u32>((((b ^ c) & d) ^ c) + a + x9 + 0x21e1cde6, 5) + b;
    d = rotl<u32>((((a ^ b) & c) ^ b) + d + x14 + 0xc33707d6, 9) + a;
    c = rotl<u32>((((d ^ a) & b) ^ a) + c + x3 + 0xf4d50d87, 14) + d;
    b = rotl<u32>((((c ^ d) & a) ^ d) + b + x8 + 0x455a14ed, 20) + c;
    a = rotl<u32>((((b ^ c) & d) ^ c) + a + x13 + 0xa9e3e905, 5) + b;
    d = rotl<u32>((((a ^ b) & c) ^ b) + d + x2 + 0xfcefa3f8, 9) + a;
    c = rotl<u32>((((d ^ a) & b) ^ a) + c + x7 + 0x676f02d9, 14) + d;
    b = rotl<u32>((((c ^ d) & a) ^ d) + b + x12 + 0x8d2a4c8a, 20) + c;

    let y: u32;
    a = rotl<u32>(((y = b ^ c) ^ d) + a + x5 + 0xfffa3942, 4) + b;
    d = rotl<u32>((a ^ y) + d + x8 + 0x8771f681, 11) + a;
    c = rotl<u32>(((y = d ^ a) ^ b) + c + x11 + 0x6d9d6122, 16) + d;
    b = rotl<u32>((c ^ y) + b + x14 + 0xfde5380c, 23) + c;
    a = rotl<u32>(((y = b ^ c) ^ d) + a + x1 + 0xa4beea44, 4) + b;
    d = rotl<u32>((a ^ y) + d + x4 + 0x4bdecfa9, 11) + a;
    c = rotl<u32>(((y = d ^ a) ^ b) + c + x7 + 0xf6bb4b60, 16) + d;
    b = rotl<u32>((c ^ y) + b + x10 + 0xbebfbc70, 23) + c;
    a = rotl<u32>(((y = b ^ c) ^ d) + a + x13 + 0x289b7ec6, 4) + b;
    d = rotl<u32>((a ^ y) + d + x0 + 0xeaa127fa, 11) + a;
    c = rotl<u32>(((y = d ^ a) ^ b) + c + x3 + 0xd4ef3085, 16) + d;
    b = rotl<u32>((c ^ y) + b + x6 + 0x04881d05, 23) + c;
    a = rotl<u32>(((y = b ^ c) ^ d) + a + x9 + 0xd9d4d039, 4) + b;
    d = rotl<u32>((a ^ y) + d + x12 + 0xe6db99e5, 11) + a;
    c = rotl<u32>(-1 - 0x1fa27cf8 - ((y = d ^ a) ^ b) - c - x15, 16) - d;
    b = c - rotl<u32>(b + x2 + (0xc4ac5665 - 1) - (c ^ y), 23);

    a = rotl<u32>(((b & d) ^ c) + a + x0 + 0xf4292244, 6) - b - 1;
    d = rotl<u32>(x7 - ((c | a) ^ b) + d + (0x432aff97 - 1), 10) + a;
    c = rotl<u32>(c - ((b | d) ^ a) - x14 - 0xab9423a7, 15) - d;
    b = c - rotl<u32>(x5 - ((c & a) ^ d) - b + (0xfc93a039 - 2), 21);
    a = rotl<u32>(((b & d) ^ c) + a + x12 + 0x655b59c3, 6) - b - 1;
    d = rotl<u32>(x3 - ((c | a) ^ b) + d + (0x8f0ccc92 - 1), 10) + a;
    c = rotl<u32>(c - ((b | d) ^ a) - x10 - 0xffeff47d, 15) - d;
    b = c - rotl<u32>(x1 - ((c & a) ^ d) - b + (0x85845dd1 - 2), 21);
    a = rotl<u32>(((b & d) ^ c) + a + x8 + 0x6fa87e4f, 6) - b - 1;
    d = rotl<u32>(x15 - ((c | a) ^ b) + d + (0xfe2ce6e0 - 1), 10) + a;
    c = rotl<u32>(c - ((b | d) ^ a) - x6 - 0xa3014314, 15) - d;
    b = c - rotl<u32>(x13 - ((c & a) ^ d) - b + (0x4e0811a1 - 2), 21);
    a = rotl<u32>(((b & d) ^ c) + a + x4 + 0xf7537e82, 6) - b - 1;
    d = rotl<u32>(x11 - ((c | a) ^ b) + d + (0xbd3af235 - 1), 10) + a;
    c = rotl<u32>(((b | d) ^ a) + x2 + (0x2ad7d2bb - 1) - c, 15) + d;
    b = rotl<u32>(((~a | c) ^ d) + x9 + (0xeb86d391 - 1) - b, 21) + c;

    s0 += a; a = s0;
    s1 += b; b = s1;
    s2 += c; c = s2;
    s3 += d; d = s3;
    data += 64;
  } while (data != end);
  store<u32>(state, s0);
  store<u32>(state, s1, 4);
  store<u32>(state, s2, 8);
  store<u32>(state, s3, 12);
}
