// Writes and signs one X.509 certificate (RFC 5280 §4.1), right or wrong, field by field.
import { constants, createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import * as der from '../../../platform/node/der.js';

export type SignatureAlgorithm =
  | `ecdsa-${'sha1' | 'sha256' | 'sha384' | 'sha512'}`
  | `rsa-${'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512'}`
  | `rsa-pss-${'sha1' | 'sha256' | 'sha384' | 'sha512'}`
  | 'ed25519';

/** Who signs: the name that goes into the issuer field, and the key. */
export interface Signer {
  name: Uint8Array;
  key: KeyObject;
  algorithm?: SignatureAlgorithm;
}

export interface CertificateFields {
  subject: Uint8Array;
  publicKey: KeyObject;
  issuer: Signer;
  notBefore: Date | Uint8Array;
  notAfter: Date | Uint8Array;
  extensions: Uint8Array[];
  /** 3 unless told; 1 leaves the field out. */
  version?: number;
  serial?: bigint | Uint8Array;
  /** The AlgorithmIdentifier inside the signed part, where it shall differ from the outer one. */
  innerAlgorithm?: Uint8Array;
  /** Replaces the SubjectPublicKeyInfo. */
  publicKeyInfo?: Uint8Array;
}

/** The DER of a certificate with these fields. */
export function certify(fields: CertificateFields): Uint8Array {
  const algorithm = fields.issuer.algorithm ?? defaultAlgorithm(fields.issuer.key);
  const version = fields.version ?? 3;
  const serial = fields.serial ?? BigInt(`0x4${randomBytes(15).toString('hex')}`);
  const when = (value: Date | Uint8Array) => (value instanceof Date ? der.time(value) : value);
  const tbs = der.sequence(
    ...(version === 1 ? [] : [der.explicit(0, der.integer(version - 1))]),
    der.integer(serial),
    fields.innerAlgorithm ?? algorithmIdentifier(algorithm),
    fields.issuer.name,
    der.sequence(when(fields.notBefore), when(fields.notAfter)),
    fields.subject,
    fields.publicKeyInfo ?? publicKeyInfo(fields.publicKey),
    ...(fields.extensions.length > 0 ? [der.explicit(3, der.sequence(...fields.extensions))] : []),
  );
  return der.sequence(
    tbs,
    algorithmIdentifier(algorithm),
    der.bitString(signWith(fields.issuer.key, algorithm, tbs)),
  );
}

export function publicKeyInfo(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
}

export function defaultAlgorithm(key: KeyObject): SignatureAlgorithm {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  if (key.asymmetricKeyType === 'rsa') return 'rsa-sha256';
  if (key.asymmetricKeyType === 'rsa-pss') return 'rsa-pss-sha256';
  return key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'ecdsa-sha384' : 'ecdsa-sha256';
}

export function signWith(key: KeyObject, algorithm: SignatureAlgorithm, message: Uint8Array): Uint8Array {
  if (algorithm === 'ed25519') return new Uint8Array(sign(null, message, key));
  const hash = algorithm.slice(algorithm.lastIndexOf('-') + 1);
  const padding = algorithm.startsWith('rsa-pss')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {};
  return new Uint8Array(sign(hash, message, { key, ...padding }));
}

const hashOids: Record<string, string> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};
const hashLengths: Record<string, number> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };
const signatureOids: Record<string, string> = {
  'ecdsa-sha1': '1.2.840.10045.4.1',
  'ecdsa-sha256': '1.2.840.10045.4.3.2',
  'ecdsa-sha384': '1.2.840.10045.4.3.3',
  'ecdsa-sha512': '1.2.840.10045.4.3.4',
  ed25519: '1.3.101.112',
  'rsa-md5': '1.2.840.113549.1.1.4',
  'rsa-sha1': '1.2.840.113549.1.1.5',
  'rsa-sha256': '1.2.840.113549.1.1.11',
  'rsa-sha384': '1.2.840.113549.1.1.12',
  'rsa-sha512': '1.2.840.113549.1.1.13',
};

export function algorithmIdentifier(algorithm: SignatureAlgorithm): Uint8Array {
  if (algorithm.startsWith('rsa-pss')) {
    const hash = algorithm.slice('rsa-pss-'.length);
    return pssIdentifier(hash, hash, hashLengths[hash]!);
  }
  return der.sequence(
    der.oid(signatureOids[algorithm]!),
    ...(algorithm.startsWith('rsa') ? [der.nullValue()] : []),
  );
}

/** RSASSA-PSS with parameters that need not agree with each other (RFC 4055 §3.1). */
export function pssIdentifier(hash: string, maskHash: string, saltLength: number): Uint8Array {
  const named = (name: string) => der.sequence(der.oid(hashOids[name]!), der.nullValue());
  return der.sequence(
    der.oid('1.2.840.113549.1.1.10'),
    der.sequence(
      ...(hash === 'sha1' ? [] : [der.explicit(0, named(hash))]),
      ...(maskHash === 'sha1'
        ? []
        : [der.explicit(1, der.sequence(der.oid('1.2.840.113549.1.1.8'), named(maskHash)))]),
      ...(saltLength === 20 ? [] : [der.explicit(2, der.integer(saltLength))]),
    ),
  );
}

const attributeOids: Record<string, string> = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
};

/** A distinguished name of UTF8Strings (`tag` for another string type), in the order given. */
export function distinguishedName(attributes: Record<string, string>, tag = 0x0c): Uint8Array {
  return der.sequence(
    ...Object.entries(attributes).map(([type, value]) =>
      der.set(der.sequence(der.oid(attributeOids[type] ?? type), der.tlv(tag, der.utf8(value)))),
    ),
  );
}

export function extension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  return der.sequence(der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
}

export function basicConstraints(isAuthority: boolean, pathLength?: number, critical = true): Uint8Array {
  const value = der.sequence(
    ...(isAuthority ? [der.boolean(true)] : []),
    ...(pathLength === undefined ? [] : [der.integer(pathLength)]),
  );
  return extension('2.5.29.19', critical, value);
}

const usageBits = { digitalSignature: 0, keyEncipherment: 2, keyAgreement: 4, keyCertSign: 5, cRLSign: 6 };

export function keyUsage(...usages: (keyof typeof usageBits)[]): Uint8Array {
  return extension('2.5.29.15', true, der.bits(...usages.map((usage) => usageBits[usage])));
}

export const purposes = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  anyExtendedKeyUsage: '2.5.29.37.0',
};

export function extendedKeyUsage(purpose: (keyof typeof purposes)[], critical = false): Uint8Array {
  return extension('2.5.29.37', critical, der.sequence(...purpose.map((name) => der.oid(purposes[name]))));
}

/** A GeneralName: an IP address where the text is one, otherwise a DNS name. */
export function generalName(name: string): Uint8Array {
  return isIP(name) ? der.implicit(7, ipBytes(name)) : der.implicit(2, der.ascii(name));
}

export function subjectAlternativeName(
  names: (string | Uint8Array)[],
  { critical = false }: { critical?: boolean } = {},
): Uint8Array {
  const items = names.map((name) => (typeof name === 'string' ? generalName(name) : name));
  return extension('2.5.29.17', critical, der.sequence(...items));
}

/** Subtrees as text (`example.org`, `.example.org`, `10.0.0.0/8`, `2001:db8::/32`) or as a GeneralName's DER. */
export interface Subtrees {
  permitted?: (string | Uint8Array)[];
  excluded?: (string | Uint8Array)[];
}

export function nameConstraints({ permitted = [], excluded = [] }: Subtrees, critical = true): Uint8Array {
  const subtree = (base: string | Uint8Array) =>
    der.sequence(
      typeof base !== 'string'
        ? base
        : base.includes('/')
          ? der.implicit(7, addressRange(base))
          : der.implicit(2, der.ascii(base)),
    );
  const value = der.sequence(
    ...(permitted.length > 0 ? [der.explicit(0, ...permitted.map(subtree))] : []),
    ...(excluded.length > 0 ? [der.explicit(1, ...excluded.map(subtree))] : []),
  );
  return extension('2.5.29.30', critical, value);
}

export function keyIdentifier(key: KeyObject): Uint8Array {
  return new Uint8Array(createHash('sha1').update(publicKeyInfo(key)).digest());
}

export const subjectKeyIdentifier = (key: KeyObject) =>
  extension('2.5.29.14', false, der.octetString(keyIdentifier(key)));

export const authorityKeyIdentifier = (key: KeyObject) =>
  extension('2.5.29.35', false, der.sequence(der.implicit(0, keyIdentifier(key))));

export function ipBytes(text: string): Uint8Array {
  if (isIP(text) === 4) return Uint8Array.from(text.split('.').map(Number));
  const [head = '', tail] = text.split('::');
  const words = (part: string) =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const all = [...front, ...new Array(8 - front.length - back.length).fill(0), ...back];
  return Uint8Array.from(all.flatMap((word) => [word >> 8, word & 255]));
}

function addressRange(range: string): Uint8Array {
  const [address = '', prefix = '0'] = range.split('/');
  const base = ipBytes(address);
  const mask = base.map((_, i) => (0xff00 >> Math.min(8, Math.max(0, Number(prefix) - 8 * i))) & 255);
  return der.concat(base, mask);
}

export function toPem(label: string, bytes: Uint8Array): string {
  const lines = Buffer.from(bytes)
    .toString('base64')
    .match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
