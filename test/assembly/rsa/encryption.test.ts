import { afterEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { type Bench, hex, programs } from '../programs.js';
import { type Numbers, power, rsaKey, toBigInt, toBytes } from './keys.js';

function encrypt(bench: Bench, [n, e]: Numbers, message: Uint8Array) {
  const out = bench.room(512);
  const code = bench.exports.rsaEncryptPkcs1!(
    out,
    bench.put(n!),
    n!.length,
    bench.put(e!),
    e!.length,
    bench.put(message),
    message.length,
  );
  const encrypted = bench.get(out, Math.max(0, code));
  bench.free();
  return { code, encrypted };
}

// OpenSSL 3.2 and later answer wrong padding with random bytes instead of an error, so the padding is looked at here.
describe.each(await programs('primitives'))('RSAES-PKCS1-v1_5 on %s', (_engine, bench) => {
  afterEach(() => bench.free());

  it('encrypts behind random bytes without a zero, at least eight, and a zero', () => {
    bench.exports.drbgSeed!(bench.put(new Uint8Array(48).fill(1)), 48);
    const { numbers } = rsaKey(2048);
    const [n, , d] = numbers.map(toBigInt);
    const seen = new Set<string>();
    for (const length of [0, 1, 48, 48, 48, 245]) {
      const message = crypto.getRandomValues(new Uint8Array(length));
      const { encrypted } = encrypt(bench, numbers, message);
      const encoded = toBytes(power(toBigInt(encrypted), d!, n!), 256);
      expect([...encoded.slice(0, 2)]).toEqual([0, 2]);
      const end = 256 - length - 1;
      expect(encoded.slice(2, end).includes(0)).toBe(false);
      expect(encoded[end]).toBe(0);
      expect(hex(encoded.slice(end + 1))).toBe(hex(message));
      seen.add(hex(encoded.slice(2, 10)));
    }
    expect(seen.size).toBe(6);
  });

  it('refuses a message that leaves no room for the padding, and unfit keys', () => {
    bench.exports.drbgSeed!(bench.put(new Uint8Array(48).fill(1)), 48);
    const { numbers } = rsaKey(2048);
    expect(encrypt(bench, numbers, new Uint8Array(246)).code).toBe(ErrorCode.TooLong);
    const even = numbers[0]!.slice();
    even[255]! &= 0xfe;
    expect(encrypt(bench, [even, numbers[1]!], new Uint8Array(48)).code).toBe(ErrorCode.CertificateKey);
  });
});
