// Writes the file of roots that host/client/tls/root_list.ts reads.
import {
  CERTIFICATE_DIGEST_BYTES,
  END_OF_TIME,
  Flag,
  INLINE,
  KEY_FORMS,
  NEVER_ENDS,
  OTHER_TYPES,
  ROOT_LIST_LIMIT,
  ROOT_LIST_MAGIC,
  WHOLE_KEY,
} from '../../host/client/tls/root_list.js';
import { readElements } from '../../host/platform/node/der.js';

/** What a description (assembly/x509/root_description.ts) holds before its Name. */
const HEAD = 26 + CERTIFICATE_DIGEST_BYTES;

/** The file of these roots. Throws where a root can't stand in one. */
export function encodeRootList(version: number, descriptions: readonly Uint8Array[]): Buffer {
  const roots = descriptions.map(readDescription);
  const shared = sharedAttributes(roots.flatMap(({ attributes }) => attributes ?? []));
  const places = new Map(shared.map((attribute, place) => [attribute.toString('hex'), place]));
  const file = Buffer.concat([
    ROOT_LIST_MAGIC,
    u32(version),
    u16(roots.length),
    Buffer.of(shared.length),
    ...shared,
    ...roots.map((root) => encodeRoot(root, places)),
  ]);
  if (file.length > ROOT_LIST_LIMIT) throw new Error(`${file.length} bytes are too much for a file of roots`);
  return file;
}

interface Root {
  flags: number;
  rare: Buffer;
  dates: Buffer;
  digest: Buffer;
  name: Buffer;
  /** As they stand in the file; undefined where the name can't be written so. */
  attributes: Buffer[] | undefined;
  key: Buffer;
}

function readDescription(bytes: Uint8Array): Root {
  const d = Buffer.from(bytes);
  const [nameLength = 0, keyLength = 0, constraintsLength = 0] = [0, 2, 4].map((at) =>
    d.readUInt16BE(20 + CERTIFICATE_DIGEST_BYTES + at),
  );
  const name = d.subarray(HEAD, HEAD + nameLength);
  const key = d.subarray(HEAD + nameLength, HEAD + nameLength + keyLength);
  const rest = d.subarray(HEAD + nameLength + keyLength);
  const isPlain = [d[1], d[2], d[3]].every((value) => value === 255) && d[0]! < 2 && rest.length === 0;
  return {
    flags: (d[0]! & 1 ? Flag.Authority : 0) | (isPlain ? 0 : Flag.Rare),
    rare: isPlain
      ? Buffer.alloc(0)
      : Buffer.concat([Buffer.of(d[0]! & ~1), d.subarray(1, 4), u16(constraintsLength), rest]),
    dates: Buffer.concat([date(d.readBigInt64BE(4)), date(d.readBigInt64BE(12))]),
    digest: d.subarray(20, 20 + CERTIFICATE_DIGEST_BYTES),
    name,
    attributes: readName(name),
    key,
  };
}

/** The attributes of a name that has one in each of its parts, all of short types and values. */
function readName(name: Buffer): Buffer[] | undefined {
  const parts = readElements(readElements(name)![0]!.content)!;
  const attributes = parts.map(({ content }) => {
    const [attribute, ...further] = readElements(content)!;
    const [type, value] = readElements(attribute!.content)!;
    const number = typeNumber(Buffer.from(type!.content));
    if (further.length > 0 || number === undefined || value!.content.length > 255) return undefined;
    return Buffer.concat([Buffer.of(number, value!.tag, value!.content.length), value!.content]);
  });
  return attributes.length < INLINE && attributes.every((attribute) => attribute !== undefined)
    ? attributes
    : undefined;
}

function typeNumber(type: Buffer): number | undefined {
  if (type.length === 3 && type[0] === 0x55 && type[1] === 4 && type[2]! < 128) return type[2];
  return [...OTHER_TYPES].find(([, bytes]) => type.equals(bytes))?.[0];
}

/** Those that stand more than once: each saves what it takes but a byte, every time but the first. */
function sharedAttributes(all: readonly Buffer[]): Buffer[] {
  const counts = new Map<string, number>();
  for (const attribute of all) {
    const digits = attribute.toString('hex');
    counts.set(digits, (counts.get(digits) ?? 0) + 1);
  }
  const saved = ([digits, count]: [string, number]) => (count - 1) * (digits.length / 2);
  return [...counts]
    .filter(([, count]) => count > 1)
    .sort((a, b) => saved(b) - saved(a) || (a[0] < b[0] ? -1 : 1))
    .slice(0, INLINE)
    .map(([digits]) => Buffer.from(digits, 'hex'));
}

function encodeRoot(
  { flags, rare, dates, digest, name, attributes, key }: Root,
  places: Map<string, number>,
) {
  const form = KEY_FORMS.findIndex(
    ({ before, length, after }) =>
      key.length === before.length + length + after.length &&
      key.subarray(0, before.length).equals(before) &&
      key.subarray(before.length + length).equals(after),
  );
  const { before, length } = KEY_FORMS[form] ?? { before: Buffer.alloc(0), length: key.length };
  const parts = attributes?.map((attribute) => {
    const place = places.get(attribute.toString('hex'));
    return place === undefined ? Buffer.concat([Buffer.of(INLINE), attribute]) : Buffer.of(place);
  });
  return Buffer.concat([
    Buffer.of(flags | (form < 0 ? WHOLE_KEY : form) | (parts ? 0 : Flag.WholeName)),
    dates,
    digest,
    ...(parts ? [Buffer.of(parts.length), ...parts] : [u16(name.length), name]),
    ...(form < 0 ? [u16(key.length)] : []),
    key.subarray(before.length, before.length + length),
    rare,
  ]);
}

function date(seconds: bigint): Buffer {
  if (seconds === BigInt(END_OF_TIME)) return u32(NEVER_ENDS);
  if (seconds < 0n || seconds >= BigInt(NEVER_ENDS)) {
    throw new Error(
      `a root is valid from or to ${seconds} seconds since 1970, for which the file has no room`,
    );
  }
  return u32(Number(seconds));
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
