// What the parts of one client share.

import { DeputyError } from '../delegation/error.js';
import type { TlsEngine, TrustAnchors } from '../engine/tls.js';
import type { CancelSignal, Platform, Transport } from '../platform/platform.js';
import type { Link, Observer } from './observer.js';
import type { Timeouts } from './options.js';
import { within } from './timeout.js';
import { describeRoots, type Roots } from './tls/root_list.js';
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
  /** On a device without a clock, which asks the proxy for the time. */
  timeless: Timeless | undefined;
  /** Bytes that have come, over whatever connection: on a slow line they are what the others wait for. */
  traffic: { received: number };
}

export interface Timeless {
  /** Milliseconds since 1970: it is later. The proxy's certificate may have ended no earlier, and no answer may be before it. */
  builtAt: number;
  /** Resolves when the platform knows the time. */
  known: Promise<void>;
}

/** The roots of one kind of peer; tells the observer of those that can't be used. Throws DeputyError where none can. */
export function trustAnchors({ engine, observer }: Context, roots: Roots, kind: Link['kind']): TrustAnchors {
  try {
    const anchors =
      roots instanceof Uint8Array
        ? engine.addDescribedRoots((add) => describeRoots(roots, add))
        : engine.addRoots(roots);
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

/** Milliseconds since 1970, 0 where nobody can tell them: then the engine refuses. */
async function timeFor(context: Context, { kind, name }: Link, signal?: CancelSignal) {
  const { platform, timeless, timeouts } = context;
  if (platform.now() > 0 || timeless === undefined) return { milliseconds: platform.now(), leastTime: false };
  // The answer comes over this connection, so it can't be judged by it.
  if (kind !== 'origin') return { milliseconds: timeless.builtAt, leastTime: true };
  await within(platform, timeless.known, {
    milliseconds: timeouts.handshake,
    error: () =>
      new DeputyError('NO_TIME', `${name}: this device has no clock, and no proxy told it the time`),
    signal,
  });
  return { milliseconds: platform.now(), leastTime: false };
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
    const { milliseconds, leastTime } = await timeFor(context, link, signal);
    const unixTime = Math.floor(milliseconds / 1000);
    stream = new TlsStream(
      engine.connect({ ...options, unixTime, leastTime }),
      below,
      platform,
      link,
      observer,
    );
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
