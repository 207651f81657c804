// What the processes of one proxy say to each other. No secret is ever among it: it passes through several memories.
import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { ProxyView } from '../operator/view.js';

/** What a worker is asked by the process that keeps it, and what it answers. */
export interface Questions {
  view: { asks: undefined; answers: ProxyView };
  metrics: { asks: undefined; answers: MetricObjectWithValues<MetricValue<string>>[] };
  end: { asks: string; answers: boolean };
  /** A signed order in base64: how many devices got it, or why nobody takes it. */
  order: { asks: { order: string; signature: string }; answers: number | { code: string; message: string } };
}

export type Question = keyof Questions;

export type ToWorker =
  /** With a socket: a client, and what has been read of it, in base64. */
  | { kind: 'serve'; head: string }
  | { [Q in Question]: { kind: 'ask'; id: number; question: Q; about: Questions[Q]['asks'] } }[Question]
  | { kind: 'reload' }
  /** The first time it lets go on what is under way, the second time it ends. */
  | { kind: 'stop'; grace: number };

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'answer'; id: number; value: unknown }
  /** Connections that it serves. */
  | { kind: 'load'; connections: number }
  | { kind: 'stopped'; cut: number };
