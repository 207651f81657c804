// What the benchmark measures, in Deputy's programs and in those of its peers. A row names the exports it needs, so that
// it is left out, with that reason, where a program lacks them. Every result is checked before its cost counts.
import { Version } from '../../host/tls/numbers.js';
import { suiteNumber } from '../../host/tls/suites.js';
import {
  type Aead,
  authenticated,
  cbcEncrypted,
  cbcRecord,
  digested,
  expanded,
  filledBytes,
  mustBe,
  sealed,
} from './given.js';
import type { Answer, Plan, Value } from './plan.js';
import { publicKeyRows } from './public_key_rows.js';
import type { Call, Row } from './row.js';

const SIZES = [64, 1024, 16384];
const HashId = { md5: 1, sha1: 2, sha256: 4, sha384: 5, sha512: 6 };

// More than any context needs; the programs check none of these lengths.
const CONTEXT = 4096;

// Calls of a few thousand instructions are repeated, so that the timer's 40 nanoseconds are far below a percent.
const times = (size: number) => (size <= 1024 ? 16 : 1);

const hash = (primitive: string, name: keyof typeof HashId): Row => ({
  primitive,
  kind: 'hash',
  sizes: SIZES,
  exports: ['hashDigest'],
  measure(plan, size, answer) {
    const [data, out] = [plan.filled(size, 1), plan.room(64)];
    plan.count(answer, times(size), 'hashDigest', HashId[name], data, size, out);
    const digest = digested(name, filledBytes(size, 1));
    plan.show(mustBe(digest), out, digest.length);
  },
});

const hmac = (primitive: string, name: keyof typeof HashId): Row => ({
  primitive,
  kind: 'hmac',
  sizes: SIZES,
  constantTime: true,
  exports: ['hmacDigest'],
  measure(plan, size, answer) {
    const [key, data, out] = [plan.filled(32, 2), plan.filled(size, 3), plan.room(64)];
    plan.count(answer, times(size), 'hmacDigest', HashId[name], key, 32, data, size, out);
    const mac = authenticated(name, filledBytes(32, 2), filledBytes(size, 3));
    plan.show(mustBe(mac), out, mac.length);
  },
});

const aadLength = 13;

// Sealing in place: checked on fresh data first, then counted on whatever lies there.
function countSeal(
  plan: Plan,
  {
    size,
    answer,
    cipher,
    keyLength,
    name,
    keyed,
    tag,
    data,
  }: {
    size: number;
    answer: Answer<number>;
    cipher: Aead;
    keyLength: number;
    name: string;
    keyed: readonly Value[];
    tag: Value;
    data: Value;
  },
): void {
  plan.call(name, ...keyed, data, size, tag);
  const all = sealed(
    cipher,
    filledBytes(keyLength, 4),
    filledBytes(12, 5),
    filledBytes(aadLength, 6),
    filledBytes(size, 7),
  );
  plan.show(mustBe(all.subarray(0, size)), data, size).show(mustBe(all.subarray(size)), tag, 16);
  plan.count(answer, times(size), name, ...keyed, data, size, tag);
}

const gcm = (bits: 128 | 256): Row => ({
  primitive: `AES-${bits}-GCM seal`,
  kind: 'gcm',
  sizes: SIZES,
  constantTime: true,
  exports: ['gcmInit', 'gcmSeal'],
  measure(plan, size, answer) {
    const [context, key, nonce] = [plan.room(CONTEXT), plan.filled(bits / 8, 4), plan.filled(12, 5)];
    const [aad, data, tag] = [plan.filled(aadLength, 6), plan.filled(size, 7), plan.room(16)];
    plan.call('gcmInit', context, key, bits / 8);
    const [cipher, keyed] = [`aes-${bits}-gcm`, [context, nonce, aad, aadLength]] as const;
    countSeal(plan, { size, answer, cipher, keyLength: bits / 8, name: 'gcmSeal', keyed, tag, data });
  },
});

const gcmKey: Row = {
  primitive: 'AES-128-GCM key',
  kind: 'gcm',
  constantTime: true,
  exports: ['gcmInit'],
  measure(plan, _size, answer) {
    plan.count(answer, 16, 'gcmInit', plan.room(CONTEXT), plan.filled(16, 4), 16);
  },
};

// Key and record together, as the first record of a connection has them: some make tables, or powers of GHASH's key, only
// when they are needed.
const gcmFirst: Row = {
  primitive: 'AES-128-GCM key and first seal',
  kind: 'gcm',
  sizes: SIZES,
  constantTime: true,
  exports: ['gcmInit', 'gcmSeal'],
  measure(plan, size, answer) {
    const [context, key, nonce] = [plan.room(CONTEXT), plan.filled(16, 4), plan.filled(12, 5)];
    const [aad, data, tag] = [plan.filled(aadLength, 6), plan.filled(size, 7), plan.room(16)];
    const calls: Call[] = [
      ['gcmInit', context, key, 16],
      ['gcmSeal', context, nonce, aad, aadLength, data, size, tag],
    ];
    let total = 0;
    const add = (instructions: number) => {
      total += instructions;
      answer(total);
    };
    for (const call of calls) plan.call(...call);
    plan.fill(data, size, 7);
    for (const call of calls) plan.countFirst(add, ...call);
    const inputs = [
      filledBytes(16, 4),
      filledBytes(12, 5),
      filledBytes(aadLength, 6),
      filledBytes(size, 7),
    ] as const;
    const all = sealed('aes-128-gcm', ...inputs);
    plan.show(mustBe(all.subarray(0, size)), data, size).show(mustBe(all.subarray(size)), tag, 16);
  },
};

const chacha: Row = {
  primitive: 'ChaCha20-Poly1305 seal',
  kind: 'chacha',
  sizes: SIZES,
  constantTime: true,
  exports: ['chacha20Poly1305Seal'],
  measure(plan, size, answer) {
    const [key, nonce, aad] = [plan.filled(32, 4), plan.filled(12, 5), plan.filled(aadLength, 6)];
    const [data, tag] = [plan.filled(size, 7), plan.room(16)];
    const [cipher, keyed] = ['chacha20-poly1305', [key, nonce, aad, aadLength]] as const;
    countSeal(plan, { size, answer, cipher, keyLength: 32, name: 'chacha20Poly1305Seal', keyed, tag, data });
  },
};

const DES_KEY_ROOM = 1024;

const tripleDes: Row = {
  primitive: '3DES-CBC encrypt',
  kind: 'des',
  sizes: SIZES,
  exports: ['desExpandKey', 'desCbcEncrypt'],
  measure(plan, size, answer) {
    const [key, data] = [plan.room(DES_KEY_ROOM), plan.filled(size, 7)];
    plan.call('desExpandKey', key, plan.filled(24, 4), 24, 0);
    plan.call('desCbcEncrypt', key, plan.filled(8, 5), data, size);
    const encrypted = cbcEncrypted(
      'des-ede3-cbc',
      filledBytes(24, 4),
      filledBytes(8, 5),
      filledBytes(size, 7),
    );
    plan.show(mustBe(encrypted), data, size);
    plan.count(answer, times(size), 'desCbcEncrypt', key, plan.filled(8, 5), data, size);
  },
};

const APPLICATION_DATA = 23;
// What must be free around a record's payload: more than record/protection.ts asks.
const RECORD_ROOM = 1024;
// Where a payload to seal lies: SEAL_HEADROOM of record/protection.ts.
const HEADROOM = 48;

type Mac = 'sha1' | 'sha256';

const cbcKeys = (mac: Mac) => ({
  key: filledBytes(16, 8),
  iv: filledBytes(16, 9),
  macKey: filledBytes(64, 10).subarray(0, mac === 'sha256' ? 32 : 20),
  mac,
});

/** One record of a TLS 1.2 CBC suite, sealed or opened with the keys already set up. */
const cbc = (primitive: string, suite: number, mac: Mac, direction: 'seal' | 'open'): Row => ({
  primitive: `${primitive}, ${direction} a record`,
  kind: 'cbc',
  sizes: SIZES,
  constantTime: true,
  exports: ['protectionInit', direction === 'seal' ? 'sealRecord' : 'openRecord'],
  measure(plan, size, answer) {
    const [key, iv, macKey] = [plan.filled(16, 8), plan.filled(16, 9), plan.filled(64, 10)];
    const context = plan.room(CONTEXT);
    plan.call('protectionInit', context, suite, Version.Tls12, key, iv, macKey, direction === 'seal' ? 1 : 0);
    (direction === 'seal' ? countSealing : countOpening)(plan, { size, answer, context, mac });
  },
});

// The first record makes wasm3 compile, the second is counted: a record opens only once.
interface Counting {
  size: number;
  answer: Answer<number>;
  context: Value;
  mac: Mac;
}

function countOpening(plan: Plan, { size, answer, context, mac }: Counting): void {
  const data = filledBytes(size, 11);
  const sealedAs = (sequence: number) =>
    cbcRecord({ ...cbcKeys(mac), sequence, type: APPLICATION_DATA, data });
  const [first, second] = [sealedAs(0), sealedAs(1)];
  const record = plan.given(first);
  plan.call('openRecord', context, record, first.length).expect(size);
  plan.bytes(record, second);
  plan.countFirst(answer, 'openRecord', context, record, second.length).expect(size);
  plan.show(mustBe(data), plan.kept('openedStart', context), size);
}

// How explicit IVs are made is nobody else's business, so what was sealed is checked with the IV that it has.
function countSealing(plan: Plan, { size, answer, context, mac }: Counting): void {
  const [first, second] = [plan.filled(size + RECORD_ROOM, 11), plan.filled(size + RECORD_ROOM, 12)];
  plan.call('sealRecord', context, APPLICATION_DATA, first, size);
  plan.countFirst(answer, 'sealRecord', context, APPLICATION_DATA, second, size);
  const data = filledBytes(size + RECORD_ROOM, 12).subarray(HEADROOM, HEADROOM + size);
  const record = cbcRecord({ ...cbcKeys(mac), sequence: 1, type: APPLICATION_DATA, data });
  const check = (bytes: Uint8Array) => {
    const iv = bytes.subarray(5, 21);
    mustBe(cbcRecord({ ...cbcKeys(mac), iv, sequence: 1, type: APPLICATION_DATA, data }))(bytes);
  };
  plan.show(check, second, record.length);
}

const label: Uint8Array = new TextEncoder().encode('key expansion');

const prf: Row = {
  primitive: 'TLS 1.2 PRF, SHA-256, 104 bytes',
  kind: 'prf',
  constantTime: true,
  exports: ['tls12Prf'],
  measure(plan, _size, answer) {
    const [secret, text, seed] = [plan.filled(48, 14), plan.given(label), plan.filled(64, 16)];
    const out = plan.room(104);
    plan.count(answer, 4, 'tls12Prf', HashId.sha256, secret, 48, text, label.length, seed, 64, out, 104);
    const labelAndSeed = Buffer.concat([label, filledBytes(64, 16)]);
    plan.show(mustBe(expanded('sha256', filledBytes(48, 14), labelAndSeed, 104)), out, 104);
  },
};

const expandLabel: Row = {
  primitive: 'HKDF-Expand-Label, SHA-256, 16 bytes',
  kind: 'hkdf',
  constantTime: true,
  exports: ['hkdfExpandLabel'],
  measure(plan, _size, answer) {
    const [secret, text, out] = [plan.filled(32, 14), plan.given(Buffer.from('key')), plan.room(16)];
    plan.count(answer, 4, 'hkdfExpandLabel', HashId.sha256, secret, text, 3, 0, 0, out, 16);
    // RFC 9846 §7.1, then RFC 5869 §2.3 for one block.
    const info = Buffer.from('\0\x10\x09tls13 key\0\x01', 'latin1');
    plan.show(mustBe(authenticated('sha256', filledBytes(32, 14), info).subarray(0, 16)), out, 16);
  },
};

const CBC_SHA256 = suiteNumber('TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256');
const CBC_SHA1 = suiteNumber('TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA');
const cbcSha256 = 'AES-128-CBC + HMAC-SHA-256';

export const rows: readonly Row[] = [
  hash('SHA-256', 'sha256'),
  hash('SHA-384', 'sha384'),
  hash('SHA-512', 'sha512'),
  hash('SHA-1', 'sha1'),
  hash('MD5', 'md5'),
  hmac('HMAC-SHA-256', 'sha256'),
  chacha,
  gcm(128),
  gcm(256),
  gcmKey,
  gcmFirst,
  cbc(cbcSha256, CBC_SHA256, 'sha256', 'seal'),
  cbc(cbcSha256, CBC_SHA256, 'sha256', 'open'),
  cbc('AES-128-CBC + HMAC-SHA-1', CBC_SHA1, 'sha1', 'open'),
  tripleDes,
  prf,
  expandLabel,
  ...publicKeyRows,
];
