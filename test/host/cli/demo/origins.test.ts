import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Authority,
  createAuthority,
  type Issued,
} from '../../../../host/cli/demo/authority/authority.js';
import { isInstalled, type ServerKind, startOrigin } from '../../../../host/cli/demo/origins.js';

const run = promisify(execFile);
let authority: Authority;
let issued: Issued;
let directory: string;

beforeAll(async () => {
  authority = await createAuthority();
  issued = await authority.issue({ names: ['origin.example'] });
  directory = await mkdtemp(join(tmpdir(), 'deputy-test-'));
  await writeFile(join(directory, 'ca.pem'), authority.root.pem);
});
afterAll(() => rm(directory, { recursive: true }));

const curl = async (port: number, path: string, ...more: string[]) => {
  const { stdout } = await run('curl', [
    ...['-sS', '--cacert', join(directory, 'ca.pem'), '--resolve', `origin.example:${port}:127.0.0.1`],
    ...['-w', '\n%{http_code} %{content_type}', ...more, `https://origin.example:${port}${path}`],
  ]);
  return stdout;
};

describe.each(['nginx', 'openssl', 'node'] as const)('%s', (kind) => {
  test.skipIf(!isInstalled(kind))('serves its files to curl, at the one version it is given', async () => {
    const files = { '/a/page.html': { type: 'text/html; charset=utf-8', body: '<p>hello' } };
    for (const version of ['1.2', '1.3'] as const) {
      const origin = await startOrigin(kind, { certificates: [issued], files, version });
      try {
        expect(await curl(origin.port, '/a/page.html')).toBe('<p>hello\n200 text/html; charset=utf-8');
        const other = version === '1.2' ? ['--tlsv1.3'] : ['--tls-max', '1.2'];
        await expect(curl(origin.port, '/a/page.html', ...other)).rejects.toThrow(/alert|protocol|version/i);
      } finally {
        await origin.stop();
      }
    }
  });
});

test.skipIf(!isInstalled('gnutls'))('gnutls answers curl', async () => {
  const origin = await startOrigin('gnutls', { certificates: [issued] });
  try {
    expect(await curl(origin.port, '/')).toContain('200');
  } finally {
    await origin.stop();
  }
});

test('a server that does not start says why', async () => {
  const wrong = { chainPem: 'no certificate', keyPem: 'no key' };
  for (const kind of (['nginx', 'openssl'] as ServerKind[]).filter(isInstalled)) {
    await expect(startOrigin(kind, { certificates: [wrong] })).rejects.toThrow(`${kind} did not start`);
  }
});
