// Readable twins of the curves, straight from the definitions, in BigInt. Slow, and not constant-time.

export const mod = (a: bigint, p: bigint) => ((a % p) + p) % p;

/** By Euclid's algorithm; a is not 0 modulo the prime. */
export function inverse(a: bigint, p: bigint): bigint {
  let [r, next] = [p, mod(a, p)];
  let [t, nextT] = [0n, 1n];
  while (next !== 0n) {
    const quotient = r / next;
    [r, next] = [next, r - quotient * next];
    [t, nextT] = [nextT, t - quotient * nextT];
  }
  return mod(t, p);
}

export const fromBytes = (bytes: Uint8Array) => BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
export const toBytes = (value: bigint, length: number) =>
  new Uint8Array(Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex'));
export const reversed = (bytes: Uint8Array) => bytes.slice().reverse();

/** RFC 7748 §5, the formulas as printed there. */
export function x25519Twin(scalar: Uint8Array, u: Uint8Array): Uint8Array {
  const p = 2n ** 255n - 19n;
  const clamped = scalar.slice();
  clamped[0]! &= 248;
  clamped[31] = (clamped[31]! & 127) | 64;
  const k = fromBytes(reversed(clamped));
  const x1 = fromBytes(reversed(u)) & (2n ** 255n - 1n);
  let [x2, z2, x3, z3] = [1n, 0n, x1, 1n];
  for (let t = 254n; t >= 0n; t--) {
    const bit = (k >> t) & 1n;
    if (bit) [x2, z2, x3, z3] = [x3, z3, x2, z2];
    const [a, b, c, d] = [x2 + z2, x2 - z2, x3 + z3, x3 - z3];
    const [aa, bb, da, cb] = [a * a, b * b, d * a, c * b];
    const e = aa - bb;
    x3 = mod((da + cb) ** 2n, p);
    z3 = mod(x1 * (da - cb) ** 2n, p);
    x2 = mod(aa * bb, p);
    z2 = mod(e * (aa + 121665n * e), p);
    if (bit) [x2, z2, x3, z3] = [x3, z3, x2, z2];
  }
  return reversed(toBytes(mod(x2 * inverse(z2, p), p), 32));
}

export interface CurveTwin {
  id: number;
  bytes: number;
  p: bigint;
  n: bigint;
  b: bigint;
  g: Point;
}
/** Affine, or undefined for infinity. */
export type Point = { x: bigint; y: bigint } | undefined;

// FIPS 186-4 D.1.2.3 and D.1.2.4.
export const p256: CurveTwin = {
  id: 23,
  bytes: 32,
  p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  n: 115792089210356248762697446949407573529996955224135760342422259061068512044369n,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  g: {
    x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  },
};
export const p384: CurveTwin = {
  id: 24,
  bytes: 48,
  p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  n: 39402006196394479212279040100143613805079739270465446667946905279627659399113263569398956308152294913554433653942643n,
  b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  g: {
    x: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
    y: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
  },
};

export function addPoints(curve: CurveTwin, a: Point, b: Point): Point {
  if (!a || !b) return a ?? b;
  if (a.x === b.x && mod(a.y + b.y, curve.p) === 0n) return undefined;
  const slope =
    a.x === b.x
      ? (3n * a.x * a.x - 3n) * inverse(2n * a.y, curve.p)
      : (b.y - a.y) * inverse(b.x - a.x, curve.p);
  const x = mod(slope * slope - a.x - b.x, curve.p);
  return { x, y: mod(slope * (a.x - x) - a.y, curve.p) };
}

export function multiplyPoint(curve: CurveTwin, scalar: bigint, point: Point): Point {
  let result: Point;
  for (let bit = BigInt(8 * curve.bytes - 1); bit >= 0n; bit--) {
    result = addPoints(curve, result, result);
    if ((scalar >> bit) & 1n) result = addPoints(curve, result, point);
  }
  return result;
}

/** X9.62's uncompressed form. */
export function encodePoint(curve: CurveTwin, point: NonNullable<Point>): Uint8Array {
  return Uint8Array.of(4, ...toBytes(point.x, curve.bytes), ...toBytes(point.y, curve.bytes));
}

/** FIPS 186-4 §6.4. The digest is not longer than n. */
export function verifyTwin(curve: CurveTwin, digest: Uint8Array, r: bigint, s: bigint, key: Point): boolean {
  if (r < 1n || s < 1n || r >= curve.n || s >= curve.n) return false;
  const w = inverse(s, curve.n);
  const u1 = mod(fromBytes(digest) * w, curve.n);
  const u2 = mod(r * w, curve.n);
  const sum = addPoints(curve, multiplyPoint(curve, u1, curve.g), multiplyPoint(curve, u2, key));
  return sum !== undefined && mod(sum.x, curve.n) === r;
}

/** DER of an ECDSA signature, without any check, so that tests can write wrong ones. */
export function encodeSignature(r: bigint, s: bigint): Uint8Array {
  const integer = (value: bigint) => {
    let hex = value.toString(16);
    if (hex.length % 2) hex = `0${hex}`;
    if (Number.parseInt(hex.slice(0, 2), 16) > 127) hex = `00${hex}`;
    const bytes = Buffer.from(hex, 'hex');
    return [2, bytes.length, ...bytes];
  };
  const body = [...integer(r), ...integer(s)];
  return Uint8Array.of(0x30, body.length, ...body);
}
