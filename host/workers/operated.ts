// All workers of a proxy as their operator sees them: one proxy.
import { AggregatorRegistry, Registry } from 'prom-client';
import { around, type Surroundings } from '../operator/operated.js';
import type { Operated } from '../operator/server.js';
import { merged } from '../operator/view.js';
import type { Keeper } from './keeper.js';

export function operatedWorkers(keeper: Keeper, surroundings: Surroundings): Operated {
  const started = Date.now();
  return {
    view: async () => ({
      ...merged(await keeper.ask('view', undefined)),
      ...(await around(surroundings, started, keeper.count)),
    }),
    metrics: async () => ({
      text: await AggregatorRegistry.aggregate(await keeper.ask('metrics', undefined)).metrics(),
      contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    }),
    end: async (sessionId) => (await keeper.ask('end', sessionId)).includes(true),
    get isReady() {
      return !surroundings.isStopping() && keeper.count > 0;
    },
  };
}
