// All workers of a proxy as their operator sees them: one proxy.
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client';
import { DeputyError } from '../delegation/error.js';
import { around, type Surroundings } from '../operator/operated.js';
import type { Operated } from '../operator/server.js';
import { merged } from '../operator/view.js';
import type { Keeper } from './keeper.js';

type Metrics = MetricObjectWithValues<MetricValue<string>>[];

export function operatedWorkers(keeper: Keeper, surroundings: Surroundings): Operated {
  const started = Date.now();
  const counted = new Counted(keeper);
  return {
    view: async () => ({
      ...merged([...(await keeper.ask('view', undefined)).values()]),
      ...(await around(surroundings, started, keeper.count)),
    }),
    metrics: async () => ({
      text: await (await counted.all()).metrics(),
      contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    }),
    end: async (sessionId) => [...(await keeper.ask('end', sessionId)).values()].includes(true),
    order: async ({ order, signature }) => {
      const about = { order: base64(order), signature: base64(signature) };
      const answers = [...(await keeper.ask('order', about)).values()];
      return answers.reduce<number>((sum, answer) => {
        if (typeof answer !== 'number') throw new DeputyError(answer.code, answer.message);
        return sum + answer;
      }, 0);
    },
    get isReady() {
      return !surroundings.isStopping() && keeper.count > 0;
    },
  };
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** Sums over the workers. What a dead one had counted when it was last asked stays: a counter never goes back. */
class Counted {
  readonly #last = new Map<string, Metrics>();
  #past: Metrics = [];

  constructor(private readonly keeper: Keeper) {}

  async all(): Promise<Registry> {
    // One that does not answer in time stands as it last did.
    for (const [name, metrics] of await this.keeper.ask('metrics', undefined)) this.#last.set(name, metrics);
    for (const [name, metrics] of this.#last) {
      if (this.keeper.has(name)) continue;
      this.#last.delete(name);
      const counters = metrics.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
      this.#past = await AggregatorRegistry.aggregate([this.#past, counters]).getMetricsAsJSON();
    }
    return AggregatorRegistry.aggregate([this.#past, ...this.#last.values()]);
  }
}
