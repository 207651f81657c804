// Exported keying material (RFC 9846 §7.5, RFC 5705). Constant-time in the secrets: HKDF and PRF only.
import { ErrorCode } from "../alert";
import { hashDigest, hashSize } from "../hash/hash";
import { store16be, wipe } from "../memory";
import { hkdfExpandLabel } from "../prf/hkdf";
import { tls10Prf } from "../prf/tls10";
import { tls12Prf } from "../prf/tls12";
import { suiteHash } from "../record/suites";
import {
  CLIENT_RANDOM, Connection, EXPORTER_SECRET, MASTER_SECRET, SERVER_RANDOM, area, claim, discard,
} from "./connection";
import { EXPORTER } from "./labels";
import { Version } from "./protocol";
import { State } from "./state";
import { MASTER_LENGTH } from "./tls12/schedule";
import { expandLabel } from "./tls13/schedule";

/** What HKDF-Expand-Label has room for, and what TLS 1.2 can say the length of. */
const LABEL_MAX: i32 = 249;
const CONTEXT_MAX: i32 = 65535;
const OUTPUT_MAX: i32 = 1024;
const digest = memory.data(64, 8);
const derived = memory.data(64, 8);

/**
 * Writes `outLength` bytes (at most 1024) for `label` (without "tls13 ") and `context`. A `context` pointer of 0 is no
 * context, which TLS 1.2 tells apart from an empty one. WrongState before the handshake is done or after a delivery;
 * NoExtendedMasterSecret where TLS 1.2 would give bytes that bind to nothing (RFC 7627 §5.4).
 */
export function exportKeyingMaterial(
  c: Connection, label: usize, labelLength: i32, context: usize, contextLength: i32, out: usize, outLength: i32,
): i32 {
  if ((c.state != State.Connected && c.state != State.Established) || c.delivered) return ErrorCode.WrongState;
  if (labelLength < 0 || labelLength > LABEL_MAX) return ErrorCode.BadArgument;
  if (contextLength < 0 || contextLength > CONTEXT_MAX) return ErrorCode.BadArgument;
  if (outLength < 1 || outLength > OUTPUT_MAX) return ErrorCode.BadArgument;
  const hash = suiteHash(c.suite);
  if (c.version == Version.Tls13) {
    exportTls13(c, hash, label, labelLength, context, contextLength, out, outLength);
    return 0;
  }
  if (!c.extendedMasterSecret) return ErrorCode.NoExtendedMasterSecret;
  const seedLength = 64 + (context != 0 ? 2 + contextLength : 0);
  const seed = claim(seedLength);
  if (seed == 0) return ErrorCode.NoMemory;
  memory.copy(seed, area(c, CLIENT_RANDOM), 32);
  memory.copy(seed + 32, area(c, SERVER_RANDOM), 32);
  if (context != 0) {
    store16be(seed + 64, contextLength);
    memory.copy(seed + 66, context, contextLength);
  }
  const master = area(c, MASTER_SECRET);
  if (c.version == Version.Tls12) tls12Prf(hash, master, MASTER_LENGTH, label, labelLength, seed, seedLength, out, outLength);
  else tls10Prf(master, MASTER_LENGTH, label, labelLength, seed, seedLength, out, outLength);
  discard(seed, seedLength);
  return 0;
}

function exportTls13(
  c: Connection, hash: i32, label: usize, labelLength: i32, context: usize, contextLength: i32, out: usize, outLength: i32,
): void {
  const size = hashSize(hash);
  hashDigest(hash, 0, 0, digest);
  hkdfExpandLabel(hash, area(c, EXPORTER_SECRET), label, labelLength, digest, size, derived, size);
  hashDigest(hash, context, contextLength, digest);
  expandLabel(hash, derived, EXPORTER, digest, size, out, outLength);
  wipe(derived, size);
}
