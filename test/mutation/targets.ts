// The lines that admit, verify, bound and keep apart, and the tests that must notice when one of them changes.

export interface Target {
  file: string;
  tests: readonly string[];
}

const proxy = (file: string, ...tests: string[]): Target => ({
  file: `host/proxy/${file}`,
  tests: tests.map((test) => `test/host/proxy/${test}`),
});
const cache = (file: string): Target => ({
  file: `host/services/cache/${file}`,
  tests: ['bounds', 'parts', 'reuse'].map((test) => `test/host/services/cache/${test}.test.ts`),
});

export const targets: readonly Target[] = [
  proxy('admission/target.ts', 'admission/target.test.ts', 'connect.test.ts'),
  proxy('admission/authentication.ts', 'admission/authentication.test.ts'),
  proxy('admission/hello_gate.ts', 'admission/hello_gate.test.ts'),
  proxy('admission/strangers.ts', 'admission/strangers.test.ts'),
  proxy('admission/fair_queue.ts', 'admission/strangers.test.ts'),
  proxy('admission/tunnel_places.ts', 'admission/tunnel_places.test.ts'),
  proxy(
    'session/activation.ts',
    'hostile.test.ts',
    'session/mirror.test.ts',
    'session/open_leg.test.ts',
    'admission/require_delegation.test.ts',
  ),
  proxy('main_session/delivery_binding.ts', 'hostile.test.ts'),
  proxy('handshake/issued_tickets.ts', 'handshake/issued_tickets.test.ts'),
  ...['examine', 'facts', 'identify', 'messages', 'signature', 'tls12', 'tls13'].map((name) =>
    proxy(`handshake/${name}.ts`, 'handshake/examine.test.ts'),
  ),
  proxy('fetch/ticket_uses.ts', 'fetch/ticket_uses.test.ts'),
  proxy('exchange/framing.ts', 'exchange/framing.test.ts'),
  proxy('exchange/in_step.ts', 'exchange/in_step.test.ts'),
  { file: 'host/delegation/policy.ts', tests: ['test/host/delegation/policy.test.ts'] },
  {
    file: 'host/client/delegation/receipt_check.ts',
    tests: ['test/host/client/delegation/receipt_check.test.ts'],
  },
  {
    file: 'host/services/audit/verify.ts',
    tests: ['test/host/services/audit/log.test.ts', 'test/host/services/audit/session.test.ts'],
  },
  ...['eligible.ts', 'entry.ts', 'freshness.ts', 'directives.ts', 'parts.ts', 'conditional.ts'].map(cache),
];
