// What a session is made of, and what others see of it.
import type { DeviceProfile } from '../../delegation/device.js';
import type { Message } from '../../delegation/message.js';
import { matchesOrigin } from '../../delegation/origin.js';
import type { SessionId } from '../../delegation/session_id.js';
import type { OriginIdentity, OtherOptions, OtherResponse } from '../../services/service.js';
import type { Principal } from '../admission/authentication.js';
import type { ProxyEventEmitter } from '../events.js';
import type { FlowContext } from '../exchange/service_call.js';
import type { Settings } from '../options.js';
import type { CountedStream } from '../streams/byte_stream.js';

/** The main session that delivered, as a session needs it. */
export interface Deliverer {
  readonly principal: Principal;
  readonly profile: DeviceProfile;
  send(message: Message): void;
  fetchOther(forSession: SessionId, url: string, options?: OtherOptions): Promise<OtherResponse>;
}

export interface SessionOptions {
  id: SessionId;
  principal: Principal;
  target: { host: string; port: number };
  mirror: boolean;
  /** Nothing of an application passes before the delivery. */
  mustDeliver: boolean;
  client: CountedStream;
  origin: CountedStream;
  settings: Settings;
  observers: ProxyEventEmitter;
  onClosed: () => void;
}

/** What services learn of a session. */
export const flowContext = (
  { id, principal, settings }: SessionOptions,
  origin: OriginIdentity,
  deliverer: Deliverer,
): FlowContext => ({
  sessionId: id,
  client: principal.name,
  origin,
  inStep: true,
  isVouchedFor: () => settings.trust.issued.vouchesFor(origin),
  profile: deliverer.profile,
  admitsStreams:
    !settings.requireDelegation ||
    settings.streams.some((pattern) => matchesOrigin(pattern, origin.host, origin.port)),
  services: settings.services,
  limits: settings.limits,
  log: settings.log,
  fetchOther: (url, options) => deliverer.fetchOther(id, url, options),
});

/** `returned`: the client took it back, and it is relayed blindly. */
export type SessionState =
  | 'relaying'
  | 'delivering'
  | 'active'
  | 'observed'
  | 'returned'
  | 'undelegated'
  | 'closed';
