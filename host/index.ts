// Deputy for programs on Node.
import { Client } from './client/client.js';
import { fetchThrough } from './client/fetch.js';
import type { ClientOptions } from './client/options.js';
import { nodePlatform } from './platform/node/platform.js';
import type { Platform } from './platform/platform.js';

export type { ByteStream, StreamOptions } from './client/byte_stream.js';
export type { RequestOptions } from './client/client.js';
export type { SubscribeOptions, SubscriptionStatus } from './client/delegation/subscriptions.js';
export type { DeliveryFacts, Direction, Link, Observer, Origin, Step, TlsFacts } from './client/observer.js';
export type {
  CertificateAndKey,
  ClientOptions,
  Pem,
  ProxyOptions,
  Timeouts,
  TlsLimits,
} from './client/options.js';
export type { ClientResponse } from './client/sessions/exchange.js';
export type { SessionFacts } from './client/sessions/session_opener.js';
export { type DeviceProfile, HANDHELD, PRESETS } from './delegation/device.js';
export { DeputyError } from './delegation/error.js';
export {
  Grant,
  type GrantName,
  type GrantPower,
  grantName,
  grantPower,
  parseGrant,
} from './delegation/grant.js';
export type { CipherChanged, Receipt, Tunnel, Welcome } from './delegation/message.js';
export {
  DelegationPolicy,
  type PolicyOptions,
  type PolicyQuestion,
  type PolicyRule,
} from './delegation/policy.js';
export { nodePlatform } from './platform/node/platform.js';
export { loadRecordEngine } from './platform/node/record_engine.js';
export { ticketFile } from './platform/node/ticket_file.js';
export type { Platform, Transport } from './platform/platform.js';

export type { ProxyEvents } from './proxy/events.js';
export type { Log } from './proxy/log.js';
export {
  type ClientLimits,
  DEFAULT_LIMITS,
  type Limits,
  type ProxyOptions as ProxyServerOptions,
  type TargetOptions,
} from './proxy/options.js';
export { createProxy, type LiveSession, type ProxyServer } from './proxy/proxy.js';
export { type AuditOptions, audit } from './services/audit/index.js';
export { type CacheOptions, cache } from './services/cache/index.js';
export { type OpenOptions as StoreOptions, openStore } from './services/cache/open.js';
export { compress } from './services/compress/index.js';
export type { FilterList } from './services/filter/filter_list.js';
export { filter } from './services/filter/index.js';
export { parseList } from './services/filter/parse.js';
export { type IsolatedOptions, isolated, type ThreadLimits } from './services/isolated/index.js';
export type { JournalMark, JournalSession, SessionEvent } from './services/journal.js';
export { trusted } from './services/module.js';
export { type PrefetchOptions, prefetch } from './services/prefetch/index.js';
export { type Quota, quota } from './services/quota/index.js';
export type {
  Answer,
  Body,
  BodyWatcher,
  Flow,
  ObservedBody,
  ObservedExchange,
  OtherFetch,
  RequestChange,
  ResponseChange,
  ResponseFlow,
  Service,
  SettledFlow,
} from './services/service.js';
export { HeaderList } from './services/service.js';
export { type TranscodeOptions, transcode } from './services/transcode/index.js';

export interface DeputyClientOptions extends Omit<ClientOptions, 'platform'> {
  /** Node's unless told. */
  platform?: Platform;
  /** Runs the TLS engine: wasm3 by default, V8 where its addon can't be loaded. */
  engine?: 'wasm3' | 'v8';
  /** The bytes of client.wasm, for bundles that carry it with them. The file of this package unless given. */
  wasm?: Uint8Array;
  /** Gets the one line about an engine that can't be loaded; standard error unless told. */
  notice?: (line: string) => void;
}

/**
 * A client for HTTPS origins that admits a proxy into its sessions, as far as its policy allows.
 *
 * ```ts
 * const client = new DeputyClient({
 *   proxy: { host: 'proxy.example', port: 8443, roots: proxyCa, token },
 *   roots: originCa,
 *   policy: { rules: [{ origin: '*.example.com', decision: 'session' }] },
 * });
 * const response = await client.fetch('https://www.example.com/');
 * await client.close();
 * ```
 */
export class DeputyClient extends Client {
  constructor(options: DeputyClientOptions) {
    const { platform, engine, wasm, notice, ...rest } = options;
    super({
      ...rest,
      platform:
        platform ??
        nodePlatform({ ...(engine && { engine }), ...(wasm && { wasm }), ...(notice && { notice }) }),
    });
  }

  /** Fetches as the standard does; https: only. Rejects with DeputyError, or with the signal's reason. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    return fetchThrough(this, input, init);
  }
}
