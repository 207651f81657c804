// A conduit as a stream of the main session.
import type { Stream } from '../../delegation/streams/stream.js';
import { SessionError } from '../error.js';
import type { CountedStream } from './byte_stream.js';

export class ConduitStream implements CountedStream {
  constructor(private readonly stream: Stream) {}

  get received(): number {
    return this.stream.received;
  }

  get sent(): number {
    return this.stream.sent;
  }

  async read(): Promise<Buffer | undefined> {
    const bytes = await this.stream.read().catch(lost);
    return bytes && asBuffer(bytes);
  }

  readNow(): Buffer | undefined {
    const bytes = this.stream.readNow();
    return bytes && asBuffer(bytes);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.stream.write(bytes).catch(lost);
  }

  end(): Promise<void> {
    return this.stream.end().catch(lost);
  }

  destroy(): void {
    this.stream.destroy();
  }

  hold(): void {
    this.stream.hold();
  }

  pass(): boolean {
    return this.stream.pass();
  }
}

const asBuffer = ({ buffer, byteOffset, length }: Uint8Array) => Buffer.from(buffer, byteOffset, length);

function lost(error: unknown): never {
  const { message } = error as Error;
  throw new SessionError('CLIENT_GONE', `a conduit was lost: ${message}`, { cause: error });
}
