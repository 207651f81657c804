// A smaller `npm run load`: sessions by the hundred, every byte checked, while what they depend on is killed.
import { beforeAll, describe, expect, test } from 'vitest';
import { isInstalled } from '../../host/cli/demo/origins.js';
import { redisIsInstalled } from '../host/services/cache/redis_server.js';
import { buildCommand } from '../interop/command.js';
import { type LoadReport, runLoad } from './run.js';

const SESSIONS = 240;
const isReady = isInstalled('nginx') && redisIsInstalled;

describe.skipIf(!isReady)(
  `${SESSIONS} sessions at once on one process (needs nginx-light, redis-server)`,
  () => {
    let report: LoadReport;
    beforeAll(async () => {
      buildCommand();
      report = await runLoad({ sessions: SESSIONS, seconds: 1.5 });
    }, 180_000);

    test('are all open', () => {
      expect(report.opened.sessions).toBeGreaterThanOrEqual(SESSIONS);
      // Each has one to its origin; those to the clients carry many.
      expect(report.opened.sockets).toBeGreaterThan(SESSIONS);
    });

    test('never bring a wrong byte, or an answer cut short that passes for whole', () => {
      expect(report.alive).toBe(true);
      for (const { right, wrong } of Object.values(report.total)) {
        expect(wrong).toBe(0);
        expect(right).toBeGreaterThan(0);
      }
    });

    test('lose nothing to a client, an origin or a Redis server that is killed, but what was its own', () => {
      for (const { name, origins } of report.parts) {
        for (const [origin, { failed }] of Object.entries(origins)) {
          if (name === 'an origin is killed' && origin === 'doomed') continue;
          expect(failed, `${name}: ${origin}`).toEqual({});
        }
      }
    });

    test('leave nothing behind', () => {
      const { base, after } = report.memory;
      expect(after.sockets).toBe(base.sockets);
      expect(after.resources).toEqual(base.resources);
      expect(after.heapUsed - base.heapUsed).toBeLessThan(16 << 20);
      expect(after.arrayBuffers - base.arrayBuffers).toBeLessThan(8 << 20);
    });

    test('and none of it made the proxy stumble', () => {
      expect(report.log).not.toMatch(/INTERNAL|inside the proxy|TypeError|at .*\.js:\d+/);
    });
  },
);
