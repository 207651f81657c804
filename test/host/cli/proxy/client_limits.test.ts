// Limits of single clients, as a configuration file gives them.
import { describe, expect, test } from 'vitest';
import { boundsRequests, limitsOf } from '../../../../host/cli/proxy/client_limits.js';
import { parseConfig, printConfig } from '../../../../host/cli/proxy/config.js';
import { DEFAULTS } from '../../../../host/cli/proxy/options.js';

const config = parseConfig(
  `max-sessions: 10
requests-per-second: 5
clients:
  phone: { max-sessions: 4, bytes-per-second: 64K }
  device 7:
    max-exchanges: 2
`,
  'f',
);

describe('a client', () => {
  test('has its own limits over those of all', () => {
    expect(limitsOf('token:phone', config)).toEqual({
      sessions: 4,
      requestsPerSecond: 5,
      bytesPerSecond: 65_536,
    });
    expect(limitsOf(`certificate:device 7:${'a1'.repeat(32)}`, config)).toEqual({
      sessions: 10,
      requestsPerSecond: 5,
      exchanges: 2,
    });
  });

  test.each(['token:other', 'token:__proto__', 'token:constructor', 'certificate:phone', 'phone'])(
    'that is called %s has those of all',
    (name) => {
      expect(limitsOf(name, config)).toEqual({ sessions: 10, requestsPerSecond: 5 });
    },
  );
});

test('they are printed as they are read', () => {
  expect(parseConfig(printConfig({ ...DEFAULTS, ...config }), 'f')).toMatchObject(config);
});

test.each([
  [
    'clients:\n  phone: { max-session: 4 }',
    "f:2:12: there is no key 'max-session' in clients.phone: did you mean 'max-sessions'?",
  ],
  ['clients:\n  phone: { max-sessions: 0 }', 'f:2:26: clients.phone.max-sessions must be >= 1'],
  ['clients:\n  phone: 4', 'f:2:10: clients.phone must be a mapping of keys to values'],
])('what is wrong in %j is told by its place', (text, message) => {
  expect(() => parseConfig(text, 'f')).toThrow(message);
});

test("requests are bounded where anybody's are", () => {
  expect(boundsRequests({})).toBe(false);
  expect(boundsRequests({ maxSessions: 1, clients: { a: { bytesPerSecond: 1 } } })).toBe(false);
  expect(boundsRequests({ clients: { a: { maxExchanges: 1 } } })).toBe(true);
});
