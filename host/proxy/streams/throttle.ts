// Holds a client to its bytes a second, both directions together.
import { Transform } from 'node:stream';
import type { Bucket } from '../../services/token_bucket.js';
import type { CountedStream } from './byte_stream.js';

/** `stream`, read and written no faster than `bucket` fills. */
export function throttled(stream: CountedStream, bucket: Bucket): CountedStream {
  return {
    get received() {
      return stream.received;
    },
    get sent() {
      return stream.sent;
    },
    async read() {
      const bytes = await stream.read();
      if (bytes !== undefined) await bucket.spend(bytes.length);
      return bytes;
    },
    async write(bytes) {
      await bucket.spend(bytes.length);
      return stream.write(bytes);
    },
    ...(stream.hold && { hold: () => stream.hold?.(), pass: () => stream.pass?.() ?? true }),
    end: () => stream.end(),
    destroy: () => stream.destroy(),
  };
}

/** The same for one direction of a pipe. */
export function throttle(bucket: Bucket): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      bucket.spend(chunk.length).then(() => done(null, chunk), done);
    },
  });
}
