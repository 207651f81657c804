// Records under RC4 with a MAC (RFC 5246 §6.2.3.1). Legacy: RFC 7465 forbids it. The key stream goes on from record to record.
//
// RC4 looks up its state by secret bytes and is not constant-time; MAC and comparison are.

import { ErrorCode } from "../alert";
import { rc4 } from "../cipher/rc4";
import { equalBytes, load16be, wipe } from "../memory";
import { KEY, MAC_SIZE, OPENED_START, OPENED_TYPE, PLAINTEXT_MAX, VERSION, recordHeader } from "./context";
import { recordMac } from "./mac";

const mac = memory.data(64, 8);

/** Seals `length` bytes at `payload` into a record at `out`; the payload lies behind where it is to go. */
export function sealStream(context: usize, type: i32, out: usize, payload: usize, length: i32): i32 {
  const data = out + 5;
  memory.copy(data, payload, length);
  recordMac(context, type, data, length, data + length);
  length += load<i32>(context, MAC_SIZE);
  rc4(context + KEY, data, length);
  recordHeader(out, type, load<i32>(context, VERSION), length);
  return 5 + length;
}

/** Opens the record; the caller has checked its header. */
export function openStream(context: usize, record: usize): i32 {
  const macSize = load<i32>(context, MAC_SIZE);
  const data = record + 5;
  const type = load<u8>(record) as i32;
  const length = load16be(record + 3) - macSize;
  if (length < 0) return ErrorCode.BadRecordMac;
  rc4(context + KEY, data, length + macSize);
  recordMac(context, type, data, length, mac);
  const good = equalBytes(mac, data + length, macSize);
  wipe(mac, 64);
  if (!good) {
    wipe(data, length);
    return ErrorCode.BadRecordMac;
  }
  store<usize>(context, data, OPENED_START);
  store<i32>(context, type, OPENED_TYPE);
  return length > PLAINTEXT_MAX ? ErrorCode.RecordOverflow : length;
}
