// What is counted is what happened, and Prometheus can read it.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodePlatform } from '../../../host/index.js';
import { metricsOf } from '../../../host/operator/metrics.js';
import type { Service } from '../../../host/services/service.js';
import { type TestOrigin, TOKEN, World } from '../client/world.js';
import { connectVia, dial } from '../proxy/bench.js';
import { type Metric, parseExposition } from './exposition.js';

const halve: Service = {
  name: 'halve',
  response: () => ({
    async *body(body) {
      for await (const bytes of body) yield bytes.subarray(0, bytes.length / 2);
    },
  }),
};

let world: World;
let origin: TestOrigin;
let metrics: Map<string, Metric>;
beforeAll(async () => {
  world = await World.create();
  origin = await world.origin((request, response) => {
    if (request.url === '/broken') {
      response.writeHead(200, { 'Content-Length': 100 }).write('x');
      setTimeout(() => response.destroy(), 50);
    } else response.end('x'.repeat(1000));
  });
  const { server, port } = await world.proxy({ services: [halve] });
  const register = metricsOf(server);
  const client = world.through({ port }, { platform: nodePlatform({ engine: 'v8' }) });
  for (let i = 0; i < 3; i++) expect((await (await client.fetch(origin.url)).text()).length).toBe(500);
  const bench = { port, ca: world.authority.root.pem } as Parameters<typeof dial>[0];
  const conduit = await dial(bench, 'http/1.1');
  expect((await connectVia(conduit, '169.254.1.1:443')).status).toBe(403);
  const blind = await dial(bench, 'http/1.1');
  await connectVia(blind, `localhost:${origin.port}`, { 'Proxy-Authorization': `Bearer ${TOKEN}` });
  await client
    .fetch(`${origin.url}/broken`)
    .then((response) => response.text())
    .catch(() => {});
  await Promise.all(server.sessions().map(() => once(server.events, 'closed')));
  await (await client.fetch(origin.url)).text();
  metrics = parseExposition(await register.metrics());
  for (const socket of [conduit, blind]) socket.destroy();
});
afterAll(() => world.close());

const value = (name: string, labels: Record<string, string> = {}) =>
  (metrics.get(name.replace(/_(bucket|sum|count)$/, '')) ?? metrics.get(name))?.samples.find(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
  )?.value;

describe('the metrics', () => {
  test('count sessions, deliveries, failures and refusals', () => {
    expect(value('deputy_main_sessions')).toBe(1);
    expect(value('deputy_sessions', { state: 'active', grant: 'session' })).toBe(1);
    expect(value('deputy_deliveries_total', { grant: 'session' })).toBe(2);
    expect(value('deputy_tunnels_total', { kind: 'open' })).toBe(2);
    expect(value('deputy_tunnels_total', { kind: 'blind' })).toBe(1);
    expect(value('deputy_tunnels_refused_total', { status: '403' })).toBe(1);
    expect(metrics.get('deputy_failures_total')!.samples.map(({ value }) => value)).toEqual([1]);
  });

  test('count bytes, and what services saved', () => {
    expect(value('deputy_content_bytes_in_total', { services: 'halve' })).toBe(4000);
    expect(value('deputy_content_bytes_out_total', { services: 'halve' })).toBe(2000);
    expect(value('deputy_content_bytes_saved_total', { services: 'halve' })).toBe(2000);
    for (const direction of ['from_client', 'to_client', 'from_origin', 'to_origin'])
      expect(value('deputy_session_bytes_total', { direction }), direction).toBeGreaterThan(1000);
  });

  test('time handshakes, deliveries and exchanges', () => {
    expect(value('deputy_client_handshake_seconds_count', { kind: 'main', resumed: 'false' })).toBe(1);
    // Conduits are streams of the main session.
    expect(
      value('deputy_client_handshake_seconds_count', { kind: 'conduit', resumed: 'true' }),
    ).toBeUndefined();
    expect(value('deputy_delivery_seconds_count')).toBe(2);
    expect(value('deputy_exchange_seconds_count', { status: '2xx' })).toBe(4);
    const { samples } = metrics.get('deputy_exchange_seconds')!;
    const buckets = samples.filter(({ name }) => name.endsWith('_bucket')).map(({ value }) => value);
    // Each holds what the one before it holds.
    expect(buckets).toEqual([...buckets].sort((one, other) => one - other));
    expect(samples.find(({ labels }) => labels.le === '+Inf')?.value).toBe(4);
  });

  test('tell of the process', () => {
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  });

  test("say what they are, by Prometheus' rules for names", () => {
    for (const [name, { help, type }] of metrics) {
      if (!name.startsWith('deputy_')) continue;
      expect(help.length, name).toBeGreaterThan(10);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    }
  });

  test('name no client and no origin', () => {
    const labels = JSON.stringify(
      [...metrics.values()].flatMap(({ samples }) => samples.map((s) => s.labels)),
    );
    expect(labels).not.toMatch(/localhost|127\.0\.0\.1|tests/);
  });
});

test.each([
  ['no line end', '# HELP a b\n# TYPE a gauge\na 1'],
  ['no type', '# HELP a b\na 1\n'],
  ['twice', '# HELP a b\n# TYPE a gauge\na 1\na 2\n'],
  ['a bad label', '# HELP a b\n# TYPE a gauge\na{b=1} 1\n'],
  ['no number', '# HELP a b\n# TYPE a gauge\na one\n'],
])('the reader of these tests refuses %s', (_, text) => {
  expect(() => parseExposition(text)).toThrow();
});
