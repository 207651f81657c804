// A throw-away certificate authority: issues chains that servers and clients of the tests and the demo use,
// and chains with one chosen flaw each.
import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { nullValue } from '../../../platform/node/der.js';
import {
  authorityKeyIdentifier,
  basicConstraints,
  type CertificateFields,
  certify,
  distinguishedName,
  extendedKeyUsage,
  extension,
  keyUsage,
  nameConstraints,
  type SignatureAlgorithm,
  type Signer,
  subjectAlternativeName,
  subjectKeyIdentifier,
  toPem,
} from './certificate.js';

export type KeyType =
  | 'ec-p256'
  | 'ec-p384'
  | 'ec-p521'
  | 'rsa-1024'
  | 'rsa-2048'
  | 'rsa-3072'
  | 'rsa-4096'
  | 'rsa-pss-2048'
  | 'ed25519';

/** What can be wrong with a chain; everything else about it stays right. */
export const flaws = [
  'expired',
  'notYetValid',
  'wrongName',
  'selfSigned',
  'unknownAuthority',
  'intermediateExpired',
  'intermediateIsNoAuthority',
  'intermediateWithoutBasicConstraints',
  'intermediateMayNotSign',
  'pathLengthExceeded',
  'wrongExtendedKeyUsage',
  'wrongKeyUsage',
  'unknownCriticalExtension',
  'nameConstraintViolation',
  'sha1Signature',
  'md5Signature',
  'weakKey',
  'brokenSignature',
] as const;
export type Flaw = (typeof flaws)[number];

export interface AuthorityOptions {
  /** Common name of the root. */
  name?: string;
  /** Key of the root and of its intermediates. */
  keyType?: KeyType;
  algorithm?: SignatureAlgorithm;
  notBefore?: Date;
  notAfter?: Date;
}

export interface IssueOptions {
  /** DNS names and IP addresses; the first is the subject's common name too. */
  names: string[];
  keyType?: KeyType;
  /** How many authorities stand between the root and this certificate; 1 unless told. */
  intermediates?: number;
  notBefore?: Date;
  notAfter?: Date;
  /** For clientAuth instead of serverAuth; the names are then a subject only. */
  isClient?: boolean;
  flaw?: Flaw;
  /** Replaces single fields of the leaf, or of the intermediates (counted from the root, 0 first). */
  leaf?: Partial<CertificateFields>;
  intermediate?: (index: number, key: KeyObject, issuer: KeyObject) => Partial<CertificateFields>;
  /** A key to use again instead of a new one. */
  key?: KeyObject;
}

export interface Issued {
  certificatePem: string;
  /** Leaf and intermediates, leaf first: what a server's configuration wants. */
  chainPem: string;
  /** PKCS#8. */
  keyPem: string;
  chainDer: Uint8Array[];
  keyDer: Uint8Array;
  key: KeyObject;
}

export interface Authority {
  root: { der: Uint8Array; pem: string; signer: Signer };
  issue(options: IssueOptions): Promise<Issued>;
  /** An authority below the root: all that it issues has the one intermediate that it is, as with public authorities. */
  intermediate(): Promise<Pick<Authority, 'issue'>>;
}

const day = 86_400_000;

/** A new root with a key of its own. */
export async function createAuthority(options: AuthorityOptions = {}): Promise<Authority> {
  const name = distinguishedName({ O: 'Deputy tests', CN: options.name ?? 'Throw-away root' });
  const key = await generateKey(options.keyType ?? 'ec-p256');
  const signer: Signer = { name, key, ...(options.algorithm && { algorithm: options.algorithm }) };
  const der = certify({
    subject: name,
    publicKey: key,
    issuer: signer,
    notBefore: options.notBefore ?? new Date(Date.now() - 365 * day),
    notAfter: options.notAfter ?? new Date(Date.now() + 3650 * day),
    extensions: authorityExtensions(key),
  });
  const root = { der, pem: toPem('CERTIFICATE', der), signer };
  const keyType = options.keyType ?? 'ec-p256';
  return {
    root,
    issue: (wanted) => issue(root.signer, keyType, wanted),
    async intermediate() {
      const { certificate, signer: below } = await certifyIntermediate(signer, keyType, 1);
      return {
        issue: (wanted) => issue(below, keyType, { intermediates: 0, ...wanted }, [certificate]),
      };
    },
  };
}

async function certifyIntermediate(
  issuer: Signer,
  keyType: KeyType,
  number: number,
  fields: (key: KeyObject) => Partial<CertificateFields> = () => ({}),
): Promise<{ certificate: Uint8Array; signer: Signer }> {
  const key = await generateKey(keyType);
  const name = distinguishedName({ O: 'Deputy tests', CN: `Throw-away intermediate ${number}` });
  const certificate = certify({
    subject: name,
    publicKey: key,
    issuer,
    notBefore: new Date(Date.now() - 180 * day),
    notAfter: new Date(Date.now() + 1825 * day),
    extensions: authorityExtensions(key, issuer.key),
    ...fields(key),
  });
  return { certificate, signer: { name, key } };
}

/** `above` is the chain of `root`, where that is an intermediate itself. */
async function issue(
  root: Signer,
  keyType: KeyType,
  options: IssueOptions,
  above: readonly Uint8Array[] = [],
): Promise<Issued> {
  const flaw = options.flaw;
  let signer = flaw === 'unknownAuthority' ? { ...root, key: await generateKey(keyType) } : root;
  const chain = [...above];
  const intermediates = Math.max(options.intermediates ?? 1, flaw === 'pathLengthExceeded' ? 2 : 0);
  const firstIsFlawed = flaw?.startsWith('intermediate') || flaw === 'nameConstraintViolation';
  for (let i = 0; i < Math.max(intermediates, firstIsFlawed ? 1 : 0); i++) {
    const issuer = signer;
    const made = await certifyIntermediate(issuer, keyType, i + 1, (key) => ({
      ...(i === 0 ? flawedIntermediate(flaw, key, issuer.key) : {}),
      ...options.intermediate?.(i, key, issuer.key),
    }));
    chain.unshift(made.certificate);
    signer = made.signer;
  }

  const key =
    options.key ?? (await generateKey(flaw === 'weakKey' ? 'rsa-1024' : (options.keyType ?? 'ec-p256')));
  const subject = distinguishedName({ O: 'Deputy tests', CN: options.names[0] ?? 'nobody' });
  if (flaw === 'selfSigned') {
    signer = { name: subject, key };
    chain.length = 0;
  }
  if (flaw === 'sha1Signature' || flaw === 'md5Signature') signer = withHash(signer, flaw);
  const leaf = certify({
    subject,
    publicKey: key,
    issuer: signer,
    notBefore: options.notBefore ?? new Date(Date.now() - day * (flaw === 'expired' ? 30 : 1)),
    notAfter: options.notAfter ?? new Date(Date.now() + 90 * day),
    extensions: leafExtensions(options, key, signer.key),
    ...(flaw === 'expired' && { notAfter: new Date(Date.now() - day) }),
    ...(flaw === 'notYetValid' && { notBefore: new Date(Date.now() + day) }),
    ...options.leaf,
  });
  if (flaw === 'brokenSignature') leaf[leaf.length - 5]! ^= 0x10;
  chain.unshift(leaf);

  const keyDer = new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
  const pems = chain.map((der) => toPem('CERTIFICATE', der));
  return {
    certificatePem: pems[0]!,
    chainPem: pems.join(''),
    keyPem: toPem('PRIVATE KEY', keyDer),
    chainDer: chain,
    keyDer,
    key,
  };
}

/** What every authority's certificate carries. */
export function authorityExtensions(key: KeyObject, issuer = key, pathLength?: number): Uint8Array[] {
  return [
    basicConstraints(true, pathLength),
    keyUsage('keyCertSign', 'cRLSign'),
    subjectKeyIdentifier(key),
    authorityKeyIdentifier(issuer),
  ];
}

function leafExtensions(options: IssueOptions, key: KeyObject, issuer: KeyObject): Uint8Array[] {
  const { flaw, isClient = false } = options;
  const names = flaw === 'wrongName' ? ['somebody-else.invalid'] : options.names;
  const purpose = isClient ? 'clientAuth' : 'serverAuth';
  return [
    basicConstraints(false),
    keyUsage(...(flaw === 'wrongKeyUsage' ? (['keyAgreement'] as const) : leafUsages(key))),
    extendedKeyUsage([flaw === 'wrongExtendedKeyUsage' ? 'codeSigning' : purpose]),
    ...(isClient ? [] : [subjectAlternativeName(names)]),
    subjectKeyIdentifier(key),
    authorityKeyIdentifier(issuer),
    ...(flaw === 'unknownCriticalExtension' ? [extension('1.3.6.1.4.1.99999.1', true, nullValue())] : []),
  ];
}

/** As public authorities have it: an RSA key may encrypt, too. */
const leafUsages = (key: KeyObject) =>
  key.asymmetricKeyType === 'rsa'
    ? (['digitalSignature', 'keyEncipherment'] as const)
    : (['digitalSignature'] as const);

function flawedIntermediate(
  flaw: Flaw | undefined,
  key: KeyObject,
  issuer: KeyObject,
): Partial<CertificateFields> {
  const [, usage, ...identifiers] = authorityExtensions(key, issuer) as [
    Uint8Array,
    Uint8Array,
    ...Uint8Array[],
  ];
  switch (flaw) {
    case 'intermediateExpired':
      return { notAfter: new Date(Date.now() - day) };
    case 'intermediateIsNoAuthority':
      return { extensions: [basicConstraints(false), usage, ...identifiers] };
    case 'intermediateWithoutBasicConstraints':
      return { extensions: [usage, ...identifiers] };
    case 'intermediateMayNotSign':
      return { extensions: [basicConstraints(true), keyUsage('digitalSignature'), ...identifiers] };
    case 'pathLengthExceeded':
      return { extensions: authorityExtensions(key, issuer, 0) };
    case 'nameConstraintViolation':
      return {
        extensions: [
          ...authorityExtensions(key, issuer),
          nameConstraints({ permitted: ['permitted.invalid', '192.0.2.0/24'] }),
        ],
      };
    default:
      return {};
  }
}

function withHash(signer: Signer, flaw: 'sha1Signature' | 'md5Signature'): Signer {
  const kind = signer.key.asymmetricKeyType === 'ec' ? 'ecdsa' : 'rsa';
  if (flaw === 'md5Signature' && kind === 'ecdsa') throw new Error('an MD5 signature needs an RSA authority');
  return { ...signer, algorithm: flaw === 'md5Signature' ? 'rsa-md5' : `${kind}-sha1` };
}

export async function generateKey(type: KeyType): Promise<KeyObject> {
  const generate = promisify(generateKeyPair);
  if (type === 'ed25519') return (await generate('ed25519')).privateKey;
  if (type.startsWith('ec-')) {
    return (await generate('ec', { namedCurve: `P-${type.slice('ec-p'.length)}` })).privateKey;
  }
  const modulusLength = Number(type.slice(type.lastIndexOf('-') + 1));
  if (type.startsWith('rsa-pss')) return (await generate('rsa-pss', { modulusLength })).privateKey;
  return (await generate('rsa', { modulusLength })).privateKey;
}
