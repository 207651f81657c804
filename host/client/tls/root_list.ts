// A file of roots: what a device needs of all public authorities, in a quarter of the bytes of their certificates.
//
//   `DROOTS` and format u8 (1), version u32 (higher is newer), roots u16
//   attributes u8, the parts of names that occur several times: type u8, tag u8, length u8, value
//   each root: flags u8 (Flag), not before u32, not after u32 (seconds since 1970; 2^32-1: never ends),
//     16 bytes of its certificate's SHA-256, its name, its key and, with Flag.Rare, what most have not:
//       flags u8, path length u8, purposes u8, length of the key identifier u8 (as assembly/x509/root_description.ts has
//       them), NameConstraints behind its length u16, the key identifier
//     a name is a count u8 of parts: 255 and an attribute as above, or the place of one above; with Flag.WholeName
//       DER behind a length u16. A key is as its form says: a modulus, a point without its first byte, or DER.
import { FieldReader, FieldWriter } from '../../delegation/bytes.js';
import { DeputyError } from '../../delegation/error.js';
import { joined } from '../../delegation/secret_bytes.js';
import { fromHex } from '../../delegation/text.js';
import type { Pem } from '../options.js';
import { certificates } from './pem.js';

export const ROOT_LIST_MAGIC = Uint8Array.of(0x44, 0x52, 0x4f, 0x4f, 0x54, 0x53, 1);
/** A longer file is none. */
export const ROOT_LIST_LIMIT = 65_000;
export const CERTIFICATE_DIGEST_BYTES = 16;
/** The place that says: the attribute follows. */
export const INLINE = 255;
export const NEVER_ENDS = 0xffff_ffff;
/** 99991231235959Z (RFC 5280 §4.1.2.5): no end is known. */
export const END_OF_TIME = 253_402_300_799;

export enum Flag {
  /** Of the key's form, below. */
  Form = 7,
  Authority = 8,
  Rare = 16,
  WholeName = 32,
}

export enum RareFlag {
  UnknownCritical = 2,
}

/** How a key is written in full: what stands before its bytes, how many those are, and what stands behind. */
export interface KeyForm {
  before: Uint8Array;
  length: number;
  after: Uint8Array;
}

/** SubjectPublicKeyInfo of RSA with the exponent 65537, and of points (RFC 3279 §2.3.1, RFC 5480 §2). */
export const KEY_FORMS: readonly KeyForm[] = [
  {
    before: fromHex('30820122300d06092a864886f70d01010105000382010f003082010a0282010100'),
    length: 256,
    after: fromHex('0203010001'),
  },
  {
    before: fromHex('30820222300d06092a864886f70d01010105000382020f003082020a0282020100'),
    length: 512,
    after: fromHex('0203010001'),
  },
  {
    before: fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004'),
    length: 64,
    after: fromHex(''),
  },
  { before: fromHex('3076301006072a8648ce3d020106052b8104002203620004'), length: 96, after: fromHex('') },
];
export const WHOLE_KEY = 7;

/** Types of attributes that are not 2.5.4.n, which is n here: emailAddress, domainComponent. */
export const OTHER_TYPES: ReadonlyMap<number, Uint8Array> = new Map([
  [128, fromHex('2a864886f70d010901')],
  [129, fromHex('0992268993f22c640119')],
]);

/** Whether this is a file of roots and no certificate. */
export const isRootList = (bytes: unknown): bytes is Uint8Array =>
  bytes instanceof Uint8Array && ROOT_LIST_MAGIC.every((byte, i) => bytes[i] === byte);

/** Roots as the engine takes them: a file of roots as it is, certificates as DER. Throws BAD_PEM. */
export type Roots = Uint8Array | readonly Uint8Array[];
export const readRoots = (roots: Pem): Roots => (isRootList(roots) ? roots : certificates(roots));

/** The version of a file of roots. Throws BAD_ROOTS. */
export const rootListVersion = (bytes: Uint8Array): number => start(bytes).version;

/**
 * Gives `use` the description of each root (assembly/x509/root_description.ts), and how many there are. Throws BAD_ROOTS where the
 * file is none, or is damaged; its roots up to there were given then.
 */
export function describeRoots(file: Uint8Array, use: (description: Uint8Array, total: number) => void): void {
  const { from, roots } = start(file);
  const shared = reading(() => Array.from({ length: from.u8() }, () => readAttribute(from)));
  for (let i = 0; i < roots; i++) {
    const description = reading(() => describeRoot(from, shared));
    use(description, roots);
  }
  reading(() => from.end());
}

function start(file: Uint8Array) {
  if (!isRootList(file) || file.length > ROOT_LIST_LIMIT) throw damaged('this is no file of roots');
  const from = new FieldReader(file, ROOT_LIST_MAGIC.length);
  return reading(() => ({ version: from.u32(), roots: from.u16(), from }));
}

function describeRoot(from: FieldReader, shared: readonly Uint8Array[]): Uint8Array {
  const flags = from.u8();
  if (flags > 63) throw damaged('a root has flags of another format');
  const notBefore = from.u32();
  const end = from.u32();
  const digest = from.take(CERTIFICATE_DIGEST_BYTES);
  const name = flags & Flag.WholeName ? from.vector(16, ROOT_LIST_LIMIT) : readName(from, shared);
  const key = readKey(from, flags & Flag.Form);
  const rare = flags & Flag.Rare ? readRare(from) : undefined;
  const authority = flags & Flag.Authority ? 1 : 0;
  return joined([
    Uint8Array.of(
      authority | (rare?.flags ?? 0),
      rare?.pathLength ?? 255,
      rare?.purposes ?? 255,
      rare?.idLength ?? 255,
    ),
    seconds(notBefore),
    seconds(end === NEVER_ENDS ? END_OF_TIME : end),
    digest,
    ...[name, key, rare?.constraints ?? new Uint8Array(0)].map(({ length }) =>
      Uint8Array.of(length >> 8, length & 255),
    ),
    name,
    key,
    ...(rare ? [rare.constraints, rare.id] : []),
  ]);
}

function readRare(from: FieldReader) {
  const flags = from.u8();
  if ((flags & ~RareFlag.UnknownCritical) !== 0) throw damaged('a root has flags of another format');
  const pathLength = from.u8();
  const purposes = from.u8();
  const idLength = from.u8();
  const constraints = from.vector(16, ROOT_LIST_LIMIT);
  return {
    flags,
    pathLength,
    purposes,
    idLength,
    constraints,
    id: from.take(idLength === 255 ? 0 : idLength),
  };
}

function readKey(from: FieldReader, number: number): Uint8Array {
  if (number === WHOLE_KEY) return from.vector(16, ROOT_LIST_LIMIT);
  const form = KEY_FORMS[number];
  if (form === undefined) throw damaged('a root has a key of an unknown form');
  return joined([form.before, from.take(form.length), form.after]);
}

function readName(from: FieldReader, shared: readonly Uint8Array[]): Uint8Array {
  const parts = Array.from({ length: from.u8() }, () => {
    const place = from.u8();
    const part = place === INLINE ? readAttribute(from) : shared[place];
    if (part === undefined) throw damaged('a name has a part that is not there');
    return part;
  });
  return element(0x30, parts);
}

/** One RelativeDistinguishedName with one attribute. */
function readAttribute(from: FieldReader): Uint8Array {
  const number = from.u8();
  const type = OTHER_TYPES.get(number) ?? Uint8Array.of(0x55, 4, number);
  if (number > 127 && !OTHER_TYPES.has(number)) throw damaged('a name has a part of an unknown type');
  const tag = from.u8();
  const value = element(tag, [from.vector(8, 255)]);
  return element(0x31, [element(0x30, [element(6, [type]), value])]);
}

/** DER, with content of less than 64 KiB. */
function element(tag: number, content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 255];
  return joined([Uint8Array.from(head), ...content]);
}

/** 64 bits. */
const seconds = (value: number): Uint8Array => new FieldWriter().u64(value).finish();

const damaged = (message: string) => new DeputyError('BAD_ROOTS', message);

/** What ends early or goes on too long is damaged too. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if ((error as DeputyError).code === 'BAD_ROOTS') throw error;
    throw new DeputyError('BAD_ROOTS', `the file of roots is damaged: ${(error as Error).message}`);
  }
}
