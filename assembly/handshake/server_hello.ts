// ServerHello and HelloRetryRequest taken apart (RFC 9846 §4.2.3, RFC 5246 §7.4.1.3).
import { ErrorCode } from "../alert";
import { READER_SIZE, Reader } from "./reader";

const reader = changetype<Reader>(memory.data(READER_SIZE, 4));

/** Addresses point into the message. */
// @ts-ignore: decorator
@unmanaged
export class ServerHello {
  message: usize;
  length: i32;
  random: usize;
  sessionId: usize;
  sessionIdLength: i32;
  suite: i32;
  extensions: usize;
  extensionsLength: i32;
}

/** Takes a whole message apart. 0, DecodeError, or IllegalParameter for compression. */
export function parseServerHello(message: usize, length: i32, hello: ServerHello): i32 {
  hello.message = message;
  hello.length = length;
  reader.open(message + 6, length - 6);
  if (length < 6) return ErrorCode.DecodeError;
  hello.random = reader.take(32);
  hello.sessionIdLength = reader.u8();
  hello.sessionId = reader.take(hello.sessionIdLength);
  hello.suite = reader.u16();
  const compression = reader.u8();
  hello.extensions = 0;
  hello.extensionsLength = 0;
  // RFC 5246 §7.4.1.3: a TLS 1.2 server may leave the block out altogether.
  if (reader.left() > 0) {
    hello.extensionsLength = reader.u16();
    hello.extensions = reader.take(hello.extensionsLength);
  }
  if (!reader.complete() || hello.sessionIdLength > 32) return ErrorCode.DecodeError;
  return compression == 0 ? 0 : ErrorCode.IllegalParameter;
}
