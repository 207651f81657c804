// What crosses between the proxy's thread and a service's: flows and outcomes as plain values.
import type { DeviceProfile } from '../../delegation/device.js';
import type { HookName } from '../module.js';
import type { HeaderLine, OriginIdentity } from '../service.js';
import type { Batch, PlainError } from './link.js';

/** What a thread is started with. */
export interface ThreadData {
  /** URL of the module. */
  module: string;
  /** Bytes that its buffers may hold. */
  bufferBytes: number;
}

/** The thread's first words: the service is there, or why not. */
export type Loaded = { name: string; hooks: readonly HookName[] } | { bad: string };

/** The exit status of a thread whose buffers hold too much. */
export const TOO_MUCH_MEMORY = 71;

export interface PlainHead {
  status: number;
  reason: string;
  headers: readonly HeaderLine[];
}

export interface PlainFlow {
  /** Of this hook's call, until the exchange is over. */
  run: number;
  /** The same for all hooks of one exchange. */
  exchange: number;
  sessionId: string;
  client: string;
  origin: OriginIdentity;
  inStep: boolean;
  profile: DeviceProfile;
  request: { method: string; target: string; url: string; headers: readonly HeaderLine[] };
  response?: (PlainHead & { length: number | undefined }) | undefined;
  received?: PlainHead;
  changedBy?: readonly string[];
  /** For `admits`. */
  url?: string;
  /** For `response`: the body, where all of it was here already. */
  chunks?: Uint8Array[];
  /** Calls whose exchanges are over. */
  over?: readonly number[];
}

/** An outcome of any hook; functions stay where they are, and are called by what carries their names. */
export interface PlainOutcome {
  kind?: string;
  target?: string;
  status?: number;
  reason?: string;
  length?: number;
  isWhole?: boolean;
  isUnmeasured?: boolean;
  headers?: readonly HeaderLine[];
  refresh?: readonly HeaderLine[];
  makesBody: boolean;
  watches: boolean;
  /** What it made of the whole body already; of an answer, its body. */
  chunks?: Uint8Array[];
  made?: Omit<PlainMade, 'chunks'> | { error: PlainError };
}

/** The body that a service makes: what it begins with, the headers as they are by then, and where the rest is. */
export interface PlainMade extends Batch {
  headers: readonly HeaderLine[] | undefined;
  rest: number;
}

export interface PlainOtherFetch {
  url: string;
  answer: { status: number; headers: readonly HeaderLine[]; verified: boolean } | undefined;
  whole: boolean;
}

export interface PlainOther {
  url: string;
  status: number;
  headers: readonly HeaderLine[];
  verified: boolean;
  body: number;
}
