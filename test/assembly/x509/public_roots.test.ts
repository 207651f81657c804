// The strict reader against what public authorities really issued: every root of this system's store can be added.
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { programs } from '../programs.js';
import { codeName } from './verifier.js';

const store = '/etc/ssl/certs/ca-certificates.crt';
const found = existsSync(store);
const roots = found
  ? readFileSync(store, 'latin1')
      .split(/(?<=-----END CERTIFICATE-----)/)
      .filter((text) => text.includes('BEGIN'))
      .map((text) => new X509Certificate(text))
  : [];

describe.runIf(found).each(await programs('primitives'))('public roots on %s', (engine, bench) => {
  test('every root of the system is taken, once', () => {
    const { exports } = bench;
    const trust = exports.trustNew!();
    for (const root of [...roots, ...roots.slice(0, 3)]) {
      const der = new Uint8Array(root.raw);
      expect([root.subject, codeName(exports.trustAdd!(trust, bench.put(der), der.length))]).toEqual([
        root.subject,
        'None',
      ]);
      bench.free();
    }
    exports.trustFree!(trust);
    console.info(`${roots.length} public roots read on ${engine}`);
  });
});

test.skipIf(found)(`${store} is not here: install ca-certificates`, () => {});
