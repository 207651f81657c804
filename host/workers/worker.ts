// A worker's end of the channel to the process that keeps it: serves the clients that it is handed.
import type { Socket } from 'node:net';
import { Ledger } from '../operator/ledger.js';
import { metricsOf } from '../operator/metrics.js';
import type { ProxyServer } from '../proxy/proxy.js';
import type { FromWorker, Question, Questions, ToWorker } from './messages.js';

/** What the environment of a worker tells it. */
export interface WorkerRole {
  number: number;
  ticketName: Buffer;
}

const NUMBER = 'DEPUTY_WORKER';
const TICKET_NAME = 'DEPUTY_TICKET_NAME';
const LOAD_INTERVAL = 250;

export const environmentOf = ({ number, ticketName }: WorkerRole): Record<string, string> => ({
  [NUMBER]: String(number),
  [TICKET_NAME]: ticketName.toString('hex'),
});

export function workerRole(environment: NodeJS.ProcessEnv): WorkerRole {
  return {
    number: Number(environment[NUMBER]),
    ticketName: Buffer.from(environment[TICKET_NAME] ?? '', 'hex'),
  };
}

export interface WorkerOptions {
  proxy: ProxyServer;
  /** Whether there is an operator who wants to know. */
  isOperated: boolean;
  reload: () => void;
}

/** Serves until its parent stops it, or is gone. Resolves when it has stopped. */
export async function serveWorker({ proxy, isOperated, reload }: WorkerOptions): Promise<void> {
  // The process that keeps it decides; a signal to the whole group reaches both.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  const again = new AbortController();
  const answers = isOperated ? answersOf(proxy) : undefined;
  const stopLoad = reportLoad(proxy);
  const grace = await new Promise<number>((resolve) => {
    process.on('disconnect', () => {
      again.abort();
      resolve(0);
    });
    process.on('message', async (message: ToWorker, socket?: Socket) => {
      switch (message.kind) {
        case 'serve':
          // Undefined where the client left on the way.
          if (socket !== undefined) proxy.adopt(socket, Buffer.from(message.head, 'base64'));
          break;
        case 'ask':
          tell({
            kind: 'answer',
            id: message.id,
            value: await answers?.[message.question](message.about as never),
          });
          break;
        case 'reload':
          reload();
          break;
        case 'stop':
          if (message.grace === 0) again.abort();
          resolve(message.grace);
          break;
      }
    });
    tell({ kind: 'ready' });
  });
  const cut = await proxy.close({ grace, signal: again.signal });
  stopLoad();
  tell({ kind: 'stopped', cut });
  if (process.connected) process.disconnect();
}

type Answers = { [Q in Question]: (about: Questions[Q]['asks']) => Promise<Questions[Q]['answers']> };

function answersOf(proxy: ProxyServer): Answers {
  const ledger = new Ledger(proxy);
  const register = metricsOf(proxy);
  return {
    view: async () => ledger.view(),
    metrics: async () => register.getMetricsAsJSON(),
    order: async ({ order, signature }) => {
      try {
        return proxy.order({ order: bytes(order), signature: bytes(signature) }).devices;
      } catch (error) {
        const { code = 'FAILED', message } = error as { code?: string; message: string };
        return { code, message };
      }
    },
    end: async (sessionId) => proxy.end(sessionId),
  };
}

/** New clients go where the fewest are. */
function reportLoad(proxy: ProxyServer): () => void {
  let told = 0;
  const timer = setInterval(() => {
    const { connectionCount } = proxy;
    if (connectionCount !== told) tell({ kind: 'load', connections: connectionCount });
    told = connectionCount;
  }, LOAD_INTERVAL).unref();
  return () => clearInterval(timer);
}

function tell(message: FromWorker): void {
  if (process.connected) process.send!(message, () => {});
}

/** On their own, not in a pool of Node's: who keeps them keeps no more. */
const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
