// HelloRetryRequest (RFC 9846 §4.2.4): the same ClientHello again, with the group or the cookie that the server asks for.
import { ErrorCode } from "../../alert";
import { load16be } from "../../memory";
import { suiteHash } from "../../record/suites";
import { sendClientHello } from "../client_hello";
import { Connection, claim, discard } from "../connection";
import { enter } from "../enter";
import { extensionLength, findExtension } from "../extensions";
import { groupOffered } from "../key_share";
import { sendCompatibilityRecord } from "../output";
import { ExtensionType } from "../protocol";
import { ServerHello } from "../server_hello";
import { State } from "../state";
import { transcriptAdd, transcriptRestart } from "../transcript";

export function onHelloRetryRequest(c: Connection, hello: ServerHello): i32 {
  const h = c.handshake;
  const group = findExtension(hello.extensions, hello.extensionsLength, ExtensionType.KeyShare);
  const cookie = findExtension(hello.extensions, hello.extensionsLength, ExtensionType.Cookie);
  // A retry that changes nothing would go on for ever.
  if (group == 0 && cookie == 0) return ErrorCode.IllegalParameter;
  if (group != 0) {
    if (extensionLength(group) != 2) return ErrorCode.DecodeError;
    const wanted = load16be(group);
    if (!groupOffered(c, wanted) || wanted == h.shareGroup) return ErrorCode.IllegalParameter;
    h.shareGroup = wanted;
  }
  if (cookie != 0) {
    const kept = keepCookie(c, cookie);
    if (kept < 0) return kept;
  }
  transcriptRestart(c, suiteHash(c.suite));
  transcriptAdd(c, hello.message, hello.length);
  h.retried = 1;
  const entered = enter(c, State.ExpectRetriedServerHello);
  if (entered < 0) return entered;
  sendCompatibilityRecord(c);
  return sendClientHello(c);
}

function keepCookie(c: Connection, data: usize): i32 {
  const h = c.handshake;
  const length = extensionLength(data) - 2;
  if (length < 1 || load16be(data) != length) return ErrorCode.DecodeError;
  discard(h.cookie, h.cookieLength);
  h.cookieLength = 0;
  h.cookie = claim(length);
  // The server's state, some hundred bytes as a rule, and ours to carry as far as memory goes.
  if (h.cookie == 0) return ErrorCode.CookieTooLong;
  h.cookieLength = length;
  memory.copy(h.cookie, data + 2, length);
  return 0;
}
