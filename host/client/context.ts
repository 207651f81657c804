// What the parts of one client share.
import type { TlsEngine, TrustAnchors } from '../engine/tls.js';
import type { CancelSignal, Platform, Transport } from '../platform/platform.js';
import type { Link, Observer } from './observer.js';
import type { Pem, Timeouts } from './options.js';
import { within } from './timeout.js';
import { certificates } from './tls/pem.js';
import { describeRoots, isRootList } from './tls/root_list.js';
import type { TicketStore } from './tls/tickets.js';
import { tlsFailure } from './tls/tls_failure.js';
import { TlsStream } from './tls/tls_stream.js';

export interface Context {
  platform: Platform;
  engine: TlsEngine;
  observer: Observer;
  timeouts: Timeouts;
  tickets: TicketStore;
  conduits: 'streams' | 'separate';
  /** Bytes that have come, over whatever connection: on a slow line they are what the others wait for. */
  traffic: { received: number };
}

/** The roots of one kind of peer; tells the observer of those that can't be used. Throws DeputyError where none can. */
export function trustAnchors({ engine, observer }: Context, roots: Pem, kind: Link['kind']): TrustAnchors {
  try {
    const anchors = isRootList(roots)
      ? engine.addDescribedRoots((add) => describeRoots(roots, add))
      : engine.addRoots(certificates(roots));
    const reasons = anchors.skipped.map(({ message }) => message);
    if (reasons.length > 0) observer.onStep?.({ step: 'roots-skipped', kind, reasons });
    return anchors;
  } catch (error) {
    throw tlsFailure(error, { kind, name: 'roots' });
  }
}

/** Opens TCP within the time allowed. Throws CONNECTION_FAILED, or the signal's reason. */
export async function openTransport(
  context: Context,
  link: Link,
  host: string,
  port: number,
  signal?: CancelSignal,
): Promise<Transport> {
  const { platform, timeouts } = context;
  let late = false;
  const connecting = platform.connect(host, port, signal);
  connecting.then(
    (transport) => late && transport.close(),
    () => {},
  );
  try {
    const transport = await within(platform, connecting, {
      milliseconds: timeouts.connect,
      error: () =>
        tlsFailure(new Error(`no TCP connection within ${timeouts.connect} ms; is it reachable?`), link),
      signal,
      onGivenUp: () => {
        late = true;
      },
    });
    return counted(transport, context.traffic);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw tlsFailure(error, link);
  }
}

function counted(transport: Transport, traffic: Context['traffic']): Transport {
  return {
    async read() {
      const bytes = await transport.read();
      traffic.received += bytes?.length ?? 0;
      return bytes;
    },
    write: (bytes) => transport.write(bytes),
    close: () => transport.close(),
    ...(transport.end && { end: () => transport.end?.() ?? Promise.resolve() }),
  };
}

/** Runs the handshake of a new TLS connection over `below`; when it fails, `below` is closed. */
export async function openTls(
  context: Context,
  link: Link,
  options: Omit<Parameters<TlsEngine['connect']>[0], 'unixTime'>,
  below: Transport,
  keepSessions: TlsStream['keepSessions'],
  signal?: CancelSignal,
): Promise<TlsStream> {
  const { platform, engine, observer, timeouts } = context;
  let stream: TlsStream;
  try {
    const unixTime = Math.floor(platform.now() / 1000);
    stream = new TlsStream(engine.connect({ ...options, unixTime }), below, platform, link, observer);
    stream.keepSessions = keepSessions;
  } catch (error) {
    below.close();
    throw tlsFailure(error, link);
  }
  try {
    await within(platform, stream.handshake(), {
      milliseconds: timeouts.handshake,
      moved: () => context.traffic.received,
      error: () => tlsFailure(new Error(`no TLS handshake within ${timeouts.handshake} ms; try again`), link),
      signal,
    });
    return stream;
  } catch (error) {
    stream.abort();
    throw error;
  }
}
