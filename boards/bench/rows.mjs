// What the benchmark measures of Deputy's own programs. A row names the exports it needs, so that it is left out, with
// that reason, where a program lacks them.
import { message, p256, rsa2048 } from './vectors.mjs';

const SIZES = [64, 1024, 16384];
const HashId = { md5: 1, sha1: 2, sha256: 4, sha384: 5, sha512: 6 };
const P256 = 23;

// More than any context needs; the programs check none of these lengths.
const CONTEXT = 4096;

/** Room with pseudo-random content. */
function filled(plan, length, seed) {
  const room = plan.room(length);
  plan.fill(room, length, seed);
  return room;
}

function given(plan, bytes) {
  const room = plan.room(bytes.length);
  plan.bytes(room, bytes);
  return room;
}

// Calls of a few thousand instructions are repeated, so that the timer's 40 nanoseconds are far below a percent.
const times = (size) => (size <= 1024 ? 16 : 1);

const hash = (primitive, id) => ({
  primitive,
  sizes: SIZES,
  exports: ['hashDigest'],
  measure(plan, size, answer) {
    const data = filled(plan, size, 1);
    plan.count(answer, times(size), 'hashDigest', id, data, size, plan.room(64));
  },
});

const hmac = (primitive, id) => ({
  primitive,
  sizes: SIZES,
  constantTime: true,
  exports: ['hmacDigest'],
  measure(plan, size, answer) {
    const [key, data] = [filled(plan, 32, 2), filled(plan, size, 3)];
    plan.count(answer, times(size), 'hmacDigest', id, key, 32, data, size, plan.room(64));
  },
});

const gcm = (bits) => ({
  primitive: `AES-${bits}-GCM seal`,
  sizes: SIZES,
  constantTime: true,
  exports: ['gcmInit', 'gcmSeal'],
  measure(plan, size, answer) {
    const [context, key, nonce] = [plan.room(CONTEXT), filled(plan, 32, 4), filled(plan, 12, 5)];
    const [aad, data, tag] = [filled(plan, 16, 6), filled(plan, size, 7), plan.room(16)];
    plan.call('gcmInit', context, key, bits / 8);
    plan.count(answer, times(size), 'gcmSeal', context, nonce, aad, 13, data, size, tag);
  },
});

const gcmKey = {
  primitive: 'AES-128-GCM key',
  constantTime: true,
  exports: ['gcmInit'],
  measure(plan, _size, answer) {
    plan.count(answer, 16, 'gcmInit', plan.room(CONTEXT), filled(plan, 16, 4), 16);
  },
};

const chacha = {
  primitive: 'ChaCha20-Poly1305 seal',
  sizes: SIZES,
  constantTime: true,
  exports: ['chacha20Poly1305Seal'],
  measure(plan, size, answer) {
    const [key, nonce, aad] = [filled(plan, 32, 4), filled(plan, 12, 5), filled(plan, 16, 6)];
    const [data, tag] = [filled(plan, size, 7), plan.room(16)];
    plan.count(answer, times(size), 'chacha20Poly1305Seal', key, nonce, aad, 13, data, size, tag);
  },
};

const TLS12 = 0x0303;
const APPLICATION_DATA = 23;
// What must be free around a record's payload: more than record/protection.ts asks.
const RECORD_ROOM = 1024;

/** One record of a TLS 1.2 suite, sealed or opened with the keys already set up. */
const record = (primitive, suite, direction, constantTime = true) => ({
  primitive: `${primitive}, ${direction} a record`,
  sizes: SIZES,
  constantTime,
  exports: ['protectionInit', 'sealRecord', 'openRecord', 'drbgSeed'],
  measure(plan, size, answer) {
    const [key, iv, mac] = [filled(plan, 32, 8), filled(plan, 16, 9), filled(plan, 64, 10)];
    const [sealing, opening] = [plan.room(CONTEXT), plan.room(CONTEXT)];
    const records = [filled(plan, size + RECORD_ROOM, 11), filled(plan, size + RECORD_ROOM, 12)];
    plan.call('drbgSeed', filled(plan, 48, 13), 48);
    plan.call('protectionInit', sealing, suite, TLS12, key, iv, mac, 1);
    plan.call('protectionInit', opening, suite, TLS12, key, iv, mac, 0);
    // The first record makes wasm3 compile, the second is counted: a record opens only once.
    const lengths = records.map((out, i) => {
      if (i === 1 && direction === 'seal')
        plan.countFirst(answer, 'sealRecord', sealing, APPLICATION_DATA, out, size);
      else plan.call('sealRecord', sealing, APPLICATION_DATA, out, size);
      return plan.last();
    });
    if (direction === 'seal') return;
    plan.call('openRecord', opening, records[0], lengths[0]);
    plan.countFirst(answer, 'openRecord', opening, records[1], lengths[1]);
    plan.expect(size);
  },
});

export const rows = [
  hash('SHA-256', HashId.sha256),
  hash('SHA-384', HashId.sha384),
  hash('SHA-1', HashId.sha1),
  hash('MD5', HashId.md5),
  hmac('HMAC-SHA-256', HashId.sha256),
  chacha,
  gcm(128),
  gcm(256),
  gcmKey,
  record('AES-128-CBC + HMAC-SHA-256', 0xc027, 'seal'),
  record('AES-128-CBC + HMAC-SHA-256', 0xc027, 'open'),
  record('AES-128-CBC + HMAC-SHA-1', 0xc013, 'open'),
  {
    primitive: 'TLS 1.2 PRF, SHA-256, 104 bytes',
    constantTime: true,
    exports: ['tls12Prf'],
    measure(plan, _size, answer) {
      const [secret, label, seed] = [filled(plan, 48, 14), filled(plan, 16, 15), filled(plan, 64, 16)];
      plan.count(answer, 4, 'tls12Prf', HashId.sha256, secret, 48, label, 13, seed, 64, plan.room(104), 104);
    },
  },
  {
    primitive: 'HKDF-Expand-Label, SHA-256, 16 bytes',
    constantTime: true,
    exports: ['hkdfExpandLabel'],
    measure(plan, _size, answer) {
      const [secret, label] = [filled(plan, 32, 14), given(plan, [107, 101, 121])];
      plan.count(answer, 4, 'hkdfExpandLabel', HashId.sha256, secret, label, 3, 0, 0, plan.room(16), 16);
    },
  },
  {
    primitive: 'X25519, one multiplication',
    constantTime: true,
    exports: ['x25519'],
    measure(plan, _size, answer) {
      plan.count(answer, 1, 'x25519', plan.room(32), filled(plan, 32, 17), filled(plan, 32, 18));
      plan.expect(0);
    },
  },
  {
    primitive: 'X25519, public key',
    constantTime: true,
    exports: ['x25519Base'],
    measure(plan, _size, answer) {
      plan.count(answer, 1, 'x25519Base', plan.room(32), filled(plan, 32, 17));
    },
  },
  {
    primitive: 'P-256 ECDH',
    constantTime: true,
    exports: ['ecdh'],
    measure(plan, _size, answer) {
      const [scalar, point] = [filled(plan, 32, 19), given(plan, p256.point)];
      plan.count(answer, 1, 'ecdh', P256, plan.room(32), scalar, point, p256.point.length);
      plan.expect(32);
    },
  },
  {
    primitive: 'P-256 public key',
    constantTime: true,
    exports: ['ecPublicKey'],
    measure(plan, _size, answer) {
      plan.count(answer, 1, 'ecPublicKey', P256, plan.room(65), filled(plan, 32, 19));
      plan.expect(65);
    },
  },
  {
    primitive: 'P-256 ECDSA verify',
    exports: ['ecdsaVerify', 'hashDigest'],
    measure(plan, _size, answer) {
      const [point, signature, digest] = [
        given(plan, p256.point),
        given(plan, p256.signature),
        plan.room(32),
      ];
      plan.call('hashDigest', HashId.sha256, given(plan, message), message.length, digest);
      const [p, s] = [p256.point.length, p256.signature.length];
      plan.count(answer, 1, 'ecdsaVerify', P256, digest, 32, point, p, signature, s);
      plan.expect(0);
    },
  },
  {
    primitive: 'P-256 ECDSA sign',
    constantTime: true,
    exports: ['ecdsaSign'],
    measure(plan, _size, answer) {
      const [scalar, digest] = [filled(plan, 32, 19), filled(plan, 32, 20)];
      plan.count(answer, 1, 'ecdsaSign', P256, HashId.sha256, digest, 32, scalar, plan.room(80));
    },
  },
  {
    primitive: 'RSA-2048 verify, PKCS #1',
    exports: ['rsaVerifyPkcs1', 'hashDigest'],
    measure(plan, _size, answer) {
      const { modulus, exponent, signature } = rsa2048;
      const [n, e, s, digest] = [
        given(plan, modulus),
        given(plan, exponent),
        given(plan, signature),
        plan.room(32),
      ];
      plan.call('hashDigest', HashId.sha256, given(plan, message), message.length, digest);
      plan.count(answer, 1, 'rsaVerifyPkcs1', HashId.sha256, digest, n, 256, e, 3, s, 256);
      plan.expect(0);
    },
  },
];
