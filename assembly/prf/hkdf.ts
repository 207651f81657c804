// HKDF (RFC 5869) and TLS 1.3's HKDF-Expand-Label (RFC 9846 §7.1).
//
// Constant-time in keys and secrets: the time depends on the lengths alone.
import { ErrorCode } from "../alert";
import { HASH_MAX, hashSize } from "../hash/hash";
import { HMAC_CONTEXT, hmacDigest, hmacFinal, hmacInit, hmacUpdate } from "../hash/hmac";
import { store16be, wipe } from "../memory";

const mac = memory.data(HMAC_CONTEXT, 8);
const block = memory.data(64, 8); // T(i)
const counter = memory.data(1, 1);
const hkdfLabel = memory.data(2 + 1 + 255 + 1 + 255, 8);

/** HKDF-Extract: writes the pseudorandom key, hashSize bytes, to `out`. No salt (length 0) is hashSize zero bytes. */
export function hkdfExtract(hashId: i32, salt: usize, saltLength: i32, ikm: usize, ikmLength: i32, out: usize): void {
  // HMAC fills a short key up with zeros, so the empty key is RFC 5869's default salt.
  hmacDigest(hashId, salt, saltLength, ikm, ikmLength, out);
}

/**
 * HKDF-Expand: writes `outLength` bytes to `out`, which lies apart from `info`. Returns 0, or BadArgument for more than 255
 * times hashSize (RFC 5869 §2.3), where the block counter would come round: nothing is written then.
 */
export function hkdfExpand(
  hashId: i32, prk: usize, prkLength: i32, info: usize, infoLength: i32, out: usize, outLength: i32,
): i32 {
  const size = hashSize(hashId);
  if (outLength < 0 || outLength > 255 * size) return ErrorCode.BadArgument;
  hmacInit(mac, hashId, prk, prkLength);
  for (let i = 1; outLength > 0; i++) {
    if (i > 1) hmacUpdate(mac, block, size);
    hmacUpdate(mac, info, infoLength);
    store<u8>(counter, i);
    hmacUpdate(mac, counter, 1);
    hmacFinal(mac, block);
    const take = min(size, outLength);
    memory.copy(out, block, take);
    out += take;
    outLength -= take;
  }
  wipe(mac, HMAC_CONTEXT);
  wipe(block, HASH_MAX);
  return ErrorCode.None;
}

/**
 * HKDF-Expand-Label(secret, label, context, outLength): `label` goes without "tls13 "; `secret` is hashSize bytes.
 * Derive-Secret is this with a transcript hash as the context. Returns 0, or BadArgument for more than 249 bytes of label,
 * 255 bytes of context, or what `hkdfExpand` refuses: nothing is written then.
 */
export function hkdfExpandLabel(
  hashId: i32, secret: usize, label: usize, labelLength: i32, context: usize, contextLength: i32,
  out: usize, outLength: i32,
): i32 {
  if (labelLength < 0 || labelLength > 249 || contextLength < 0 || contextLength > 255) return ErrorCode.BadArgument;
  store16be(hkdfLabel, outLength);
  store<u8>(hkdfLabel, 6 + labelLength, 2);
  store<u32>(hkdfLabel, 0x31736c74, 3); // "tls1"
  store<u16>(hkdfLabel, 0x2033, 7); // "3 "
  memory.copy(hkdfLabel + 9, label, labelLength);
  const end = hkdfLabel + 9 + labelLength;
  store<u8>(end, contextLength);
  memory.copy(end + 1, context, contextLength);
  return hkdfExpand(hashId, secret, hashSize(hashId), hkdfLabel, 10 + labelLength + contextLength, out, outLength);
}
