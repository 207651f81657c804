// Plain bytes through an active session (R19): SMTP, FTP, TELNET, or what HTTP turned into. Each side may speak first, and
// end its own direction alone.
import { createHash } from 'node:crypto';
import type { StreamWatcher } from '../../services/service.js';
import { SessionError } from '../error.js';
import type { ByteStream } from '../streams/byte_stream.js';
import type { ReadAhead } from '../streams/read_ahead.js';
import type { ResponseReport } from './account.js';
import type { Side } from './exchange_options.js';
import type { Journal } from './journal.js';
import type { FlowContext } from './service_call.js';
import { Watch, whyOf } from './service_timeout.js';
import { Tally } from './tally.js';

export interface BytesOptions {
  flow: FlowContext;
  journal: Journal | undefined;
  /** Which receipt of this session it will have. */
  number: number;
  /** Hash of the last receipt, or zeros. */
  previousHash: Uint8Array;
  onStream: () => void;
  /** Sees the client's bytes before they go on, and throws where they must not. */
  inspect?: (bytes: Buffer) => void;
  onResponse: (report: ResponseReport) => void;
}

/** Until both sides have ended in order. Throws SessionError where one did not, or a service refuses the stream. */
export async function carryBytes(client: Side, origin: Side, options: BytesOptions): Promise<void> {
  const { journal, flow, number } = options;
  if (!flow.admitsStreams) {
    const { host } = flow.origin;
    const why = `this proxy lets no bytes pass that are no HTTP, unless it was started with --allow-stream ${host}`;
    throw new SessionError('STREAM_REFUSED', why);
  }
  const watchers = await watchersOf(flow);
  await journal?.record({ kind: 'stream' });
  options.onStream();
  const started = Date.now();
  const fromClient = new Tally(journal !== undefined);
  const fromOrigin = new Tally(journal !== undefined);
  const received = createHash('sha256').update(options.previousHash);
  const copy = async (from: ReadAhead, to: ByteStream, onBytes: (bytes: Buffer) => void) => {
    for (let bytes = await from.read(); bytes !== undefined; bytes = await from.read()) {
      onBytes(bytes);
      await to.write(bytes);
    }
    await to.end();
  };
  const onClient = (bytes: Buffer) => {
    options.inspect?.(bytes);
    fromClient.add(bytes);
    for (const watcher of watchers) watcher.chunk('client', bytes);
  };
  const onOrigin = (bytes: Buffer) => {
    fromOrigin.add(bytes);
    received.update(bytes);
    for (const watcher of watchers) watcher.chunk('origin', bytes);
  };
  let whole = false;
  try {
    await Promise.all([
      copy(client.bytes, origin.stream, onClient),
      copy(origin.bytes, client.stream, onOrigin),
    ]);
    whole = true;
  } finally {
    for (const watcher of watchers) watcher.end();
    const mark = await journal?.record({
      kind: 'streamed',
      number,
      fromClient: fromClient.content(),
      fromOrigin: fromOrigin.content(),
      whole,
      milliseconds: Date.now() - started,
    });
    const { bytes } = fromOrigin;
    const hash = received.digest();
    options.onResponse({ status: 0, services: [], bytesBefore: bytes, bytesAfter: bytes, hash, mark });
  }
}

/** Who watches. Throws STREAM_REFUSED. A service that fails is left out. */
async function watchersOf({
  services,
  sessionId,
  client,
  origin,
  limits,
  log,
}: FlowContext): Promise<StreamWatcher[]> {
  const watchers: StreamWatcher[] = [];
  for (const service of services) {
    if (service.stream === undefined) continue;
    const cutOff = (error: unknown) => {
      const fields = { session: sessionId, service: service.name, why: whyOf(error) };
      log.warn(fields, 'service cut off, bytes pass without it');
    };
    try {
      const watch = new Watch(limits.serviceTimeout);
      const outcome = await watch.guard((async () => service.stream!({ sessionId, client, origin }))());
      if (outcome?.kind === 'refuse') {
        const why = `the service '${service.name}' lets no byte stream pass to this origin: ${outcome.reason}`;
        throw new SessionError('STREAM_REFUSED', why);
      }
      if (outcome !== undefined) watchers.push(shielded(outcome, cutOff));
    } catch (error) {
      if (error instanceof SessionError) throw error;
      cutOff(error);
    }
  }
  return watchers;
}

/** A watcher that throws sees no more, and harms nobody. */
function shielded(watcher: StreamWatcher, cutOff: (error: unknown) => void): StreamWatcher {
  let failed = false;
  const shield = (call: () => void) => {
    if (failed) return;
    try {
      call();
    } catch (error) {
      failed = true;
      cutOff(error);
    }
  };
  return {
    kind: 'watch',
    chunk: (from, bytes) => shield(() => watcher.chunk(from, bytes)),
    end: () => shield(() => watcher.end()),
  };
}
