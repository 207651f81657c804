// GeneralName (RFC 5280 §4.2.1.6): its nine choices, their form, and the matching of those that constraints speak of.
import { after, body, bodyLength, tagOf } from "./der";
import { isName } from "./distinguished_name";

export const EMAIL_ADDRESS: i32 = 0x81;
export const DNS_NAME: i32 = 0x82;
export const DIRECTORY_NAME: i32 = 0xa4;
export const URI: i32 = 0x86;
export const IP_ADDRESS: i32 = 0x87;

/** 1 where the element at `at` is one of the choices in its one form: a name, ASCII text, or what isn't looked into here. */
export function isGeneralName(at: usize, end: usize): i32 {
  const tag = tagOf(at, end);
  const choice = tag & 0x1f;
  const constructed = choice == 0 || (choice >= 3 && choice <= 5);
  if (choice > 8 || tag != (constructed ? 0xa0 | choice : 0x80 | choice)) return 0;
  if (tag == DIRECTORY_NAME) return isName(body(at), after(at));
  return tag == EMAIL_ADDRESS || tag == DNS_NAME || tag == URI ? isAscii(body(at), bodyLength(at)) : 1;
}

/** 1 where each element in the sequence at `at` is a name, and addresses have an address's length. */
export function areGeneralNames(at: usize): i32 {
  const end = after(at);
  for (at = body(at); at < end; at = after(at)) {
    if (!isGeneralName(at, end)) return 0;
    if (load<u8>(at) == IP_ADDRESS && bodyLength(at) != 4 && bodyLength(at) != 16) return 0;
  }
  return 1;
}

/** IA5String is seven bits wide. */
function isAscii(text: usize, length: i32): i32 {
  for (let i = 0; i < length; i++) {
    if (load<u8>(text + i) >= 0x80) return 0;
  }
  return 1;
}
