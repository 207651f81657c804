// A CertificateRequest that spans records, read without its list of certificate authorities: servers that trust all public ones
// send 15 KB of names, and may send 64. The names are hints, and the host chose the certificate already. All bytes go into the
// transcript as they come; what is kept is the message as it would be with an empty list.
import { ErrorCode } from "../alert";
import { load16be, store16be, store24be } from "../memory";
import { Connection, claim } from "./connection";
import { Version } from "./protocol";
import { transcriptAdd } from "./transcript";

/** Most bytes of the rest: types and schemes, or the extensions of TLS 1.3. */
const KEPT_MAX: i32 = 4096;
/** certificate_authorities (RFC 9846 §4.3.4). */
const CERTIFICATE_AUTHORITIES: i32 = 47;

/** What the bytes under way are. */
enum Part {
  /** A length of one byte, and as many bytes behind it: certificate_types, certificate_request_context. */
  FirstLength,
  First,
  SchemesLength,
  Schemes,
  AuthoritiesLength,
  ExtensionsLength,
  ExtensionHead,
  Extension,
  Authorities,
  End,
}

// @ts-ignore: decorator
@unmanaged
class Skimmer {
  part: i32;
  /** Bytes that the part still needs. */
  left: i32;
  /** Bytes kept so far. */
  kept: i32;
}

const SKIMMER: i32 = offsetof<Skimmer>() as i32;

/** Takes the header of a message. 0 or NoMemory. */
export function startSkimming(c: Connection, header: usize): i32 {
  c.messageCapacity = SKIMMER + KEPT_MAX;
  c.message = claim(c.messageCapacity);
  if (c.message == 0) return ErrorCode.NoMemory;
  c.messageSkims = 1;
  const skimmer = changetype<Skimmer>(c.message);
  memory.copy(skimmedMessage(c), header, 4);
  transcriptAdd(c, header, 4);
  skimmer.kept = 4;
  begin(skimmer, Part.FirstLength, 1);
  return 0;
}

/** Takes the next `length` bytes of the message. 0, or DecodeError where the rest is too long to be kept. */
export function skim(c: Connection, data: usize, length: i32): i32 {
  transcriptAdd(c, data, length);
  const skimmer = changetype<Skimmer>(c.message);
  while (length > 0) {
    const run = skimmer.part == Part.End ? length : min(skimmer.left, length);
    if (skimmer.part != Part.Authorities) {
      if (skimmer.kept + run > KEPT_MAX) return ErrorCode.DecodeError;
      memory.copy(skimmedMessage(c) + skimmer.kept, data, run);
      skimmer.kept += run;
    }
    data += run;
    length -= run;
    skimmer.left -= run;
    while (skimmer.left == 0 && skimmer.part != Part.End) next(c, skimmer);
  }
  return 0;
}

/** Where the message begins, skimmed or not. */
export function skimmedMessage(c: Connection): usize {
  return c.messageSkims ? c.message + SKIMMER : c.message;
}

/** Length of the message as it is now, or DecodeError where it ended before its parts did. */
export function skimmedLength(c: Connection): i32 {
  const skimmer = changetype<Skimmer>(c.message);
  const message = skimmedMessage(c);
  const tls13 = c.version == Version.Tls13;
  const whole = tls13 ? skimmer.part == Part.ExtensionHead && skimmer.left == 4 : skimmer.part == Part.End;
  if (!whole) return ErrorCode.DecodeError;
  const extensions = message + 5 + load<u8>(message, 4);
  if (tls13) {
    // The block was as long as what followed it, and is now as long as what follows it.
    if (load16be(extensions) != c.messageLength - ((extensions + 2 - message) as i32)) return ErrorCode.DecodeError;
    store16be(extensions, (message + skimmer.kept - extensions - 2) as i32);
  }
  store24be(message + 1, skimmer.kept - 4);
  return skimmer.kept;
}

function begin(skimmer: Skimmer, part: i32, length: i32): void {
  skimmer.part = part;
  skimmer.left = length;
}

/** The part is whole: what follows it? */
function next(c: Connection, skimmer: Skimmer): void {
  const end = skimmedMessage(c) + skimmer.kept;
  switch (skimmer.part) {
    case Part.FirstLength:
      return begin(skimmer, Part.First, load<u8>(end - 1));
    case Part.First:
      if (c.version == Version.Tls13) return begin(skimmer, Part.ExtensionsLength, 2);
      return begin(skimmer, c.version < Version.Tls12 ? Part.AuthoritiesLength : Part.SchemesLength, 2);
    case Part.SchemesLength:
      return begin(skimmer, Part.Schemes, load16be(end - 2));
    case Part.Schemes:
      return begin(skimmer, Part.AuthoritiesLength, 2);
    case Part.AuthoritiesLength:
      return dropAuthorities(skimmer, end);
    case Part.ExtensionHead:
      if (load16be(end - 4) == CERTIFICATE_AUTHORITIES) return dropAuthorities(skimmer, end);
      return begin(skimmer, Part.Extension, load16be(end - 2));
    case Part.ExtensionsLength:
    case Part.Extension:
      return begin(skimmer, Part.ExtensionHead, 4);
    default:
      return c.version == Version.Tls13 ? begin(skimmer, Part.ExtensionHead, 4) : begin(skimmer, Part.End, 0);
  }
}

/** The list's length, which ends at `end`, is kept as 0. */
function dropAuthorities(skimmer: Skimmer, end: usize): void {
  begin(skimmer, Part.Authorities, load16be(end - 2));
  store16be(end - 2, 0);
}
