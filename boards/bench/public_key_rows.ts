// Key agreement and signatures: one call a row, whatever the length of a message.
import { createECDH, createPrivateKey, createPublicKey, diffieHellman, verify } from 'node:crypto';
import { filledBytes, mustBe } from './given.js';
import type { Plan } from './plan.js';
import type { Call, Row } from './row.js';
import { message, p256, rsa2048 } from './vectors.js';

const SHA256 = 4;
const P256 = 23;

// PKCS #8 and SubjectPublicKeyInfo around the 32 bytes of a key for X25519 (RFC 8410 §4 and §7).
export const x25519Private = (bytes: Uint8Array) =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), bytes]),
    format: 'der',
    type: 'pkcs8',
  });
export const x25519Public = (bytes: Uint8Array) =>
  createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), bytes]),
    format: 'der',
    type: 'spki',
  });

const p256Key = (scalar: Uint8Array) => {
  const key = createECDH('prime256v1');
  key.setPrivateKey(Buffer.from(scalar));
  return key;
};

// The digest that the fixed signatures are for, made by a hash that needs no export.
const messageDigest = (plan: Plan) =>
  plan.given(Buffer.from('af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf', 'hex'));

const x25519: Row = {
  primitive: 'X25519, one multiplication',
  kind: 'x25519',
  constantTime: true,
  exports: ['x25519'],
  measure(plan, _size, answer) {
    const out = plan.room(32);
    plan.count(answer, 1, 'x25519', out, plan.filled(32, 17), plan.filled(32, 18)).expect(0);
    const [privateKey, publicKey] = [x25519Private(filledBytes(32, 17)), x25519Public(filledBytes(32, 18))];
    plan.show(mustBe(diffieHellman({ privateKey, publicKey })), out, 32);
  },
};

export const x25519PublicKey: Row = {
  primitive: 'X25519, public key',
  kind: 'x25519',
  constantTime: true,
  exports: ['x25519Base'],
  measure(plan, _size, answer) {
    const out = plan.room(32);
    plan.count(answer, 1, 'x25519Base', out, plan.filled(32, 17));
    const publicKey = createPublicKey(x25519Private(filledBytes(32, 17))).export({
      format: 'der',
      type: 'spki',
    });
    plan.show(mustBe(publicKey.subarray(-32)), out, 32);
  },
};

const ecdh: Row = {
  primitive: 'P-256 ECDH',
  kind: 'p256',
  constantTime: true,
  exports: ['ecdh'],
  measure(plan, _size, answer) {
    const [scalar, point, out] = [plan.filled(32, 19), plan.given(p256.point), plan.room(32)];
    plan.count(answer, 1, 'ecdh', P256, out, scalar, point, p256.point.length).expect(32);
    plan.show(mustBe(p256Key(filledBytes(32, 19)).computeSecret(p256.point)), out, 32);
  },
};

const ecPublicKey: Row = {
  primitive: 'P-256 public key',
  kind: 'p256',
  constantTime: true,
  exports: ['ecPublicKey'],
  measure(plan, _size, answer) {
    const out = plan.room(65);
    plan.count(answer, 1, 'ecPublicKey', P256, out, plan.filled(32, 19)).expect(65);
    plan.show(mustBe(p256Key(filledBytes(32, 19)).getPublicKey()), out, 65);
  },
};

const ecdsaVerify: Row = {
  primitive: 'P-256 ECDSA verify',
  kind: 'p256',
  exports: ['ecdsaVerify'],
  measure(plan, _size, answer) {
    const [point, signature, digest] = [
      plan.given(p256.point),
      plan.given(p256.signature),
      messageDigest(plan),
    ];
    const call: Call = ['ecdsaVerify', P256, digest, 32, point, 65, signature, p256.signature.length];
    plan.count(answer, 1, ...call).expect(0);
    // Another digest must not verify.
    plan.fill(digest, 32, 20).refused(...call);
  },
};

const ecdsaSign: Row = {
  primitive: 'P-256 ECDSA sign',
  kind: 'p256',
  constantTime: true,
  exports: ['ecdsaSign'],
  measure(plan, _size, answer) {
    const [scalar, digest, out] = [plan.filled(32, 19), messageDigest(plan), plan.room(80)];
    plan.count(answer, 1, 'ecdsaSign', P256, SHA256, digest, 32, scalar, out);
    const point = p256Key(filledBytes(32, 19)).getPublicKey();
    const [x, y] = [point.toString('base64url', 1, 33), point.toString('base64url', 33)];
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
    plan.show(
      (bytes) => {
        if (!verify('sha256', message, key, bytes.subarray(0, 2 + bytes[1]!)))
          throw new Error('node:crypto refuses the signature');
      },
      out,
      80,
    );
  },
};

const rsaVerify: Row = {
  primitive: 'RSA-2048 verify, PKCS #1',
  kind: 'rsa',
  exports: ['rsaVerifyPkcs1'],
  measure(plan, _size, answer) {
    const { modulus, exponent, signature } = rsa2048;
    const [n, e, s] = [plan.given(modulus), plan.given(exponent), plan.given(signature)];
    const digest = messageDigest(plan);
    const call: Call = ['rsaVerifyPkcs1', SHA256, digest, n, 256, e, 3, s, 256];
    plan.count(answer, 1, ...call).expect(0);
    plan.fill(digest, 32, 20).refused(...call);
  },
};

export const publicKeyRows: readonly Row[] = [
  x25519,
  x25519PublicKey,
  ecdh,
  ecPublicKey,
  ecdsaVerify,
  ecdsaSign,
  rsaVerify,
];
