// `deputy proxy --check-config`: each thing that would go wrong is found, by its option, and nothing is created.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority } from '../../../../host/cli/demo/authority/authority.js';
import { problems } from '../../../../host/cli/proxy/check.js';
import { parseConfig } from '../../../../host/cli/proxy/config.js';
import { DEFAULTS } from '../../../../host/cli/proxy/options.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deputy-check-'));
  const authority = await createAuthority();
  const issued = await authority.issue({ names: ['localhost'] });
  const other = await authority.issue({ names: ['localhost'] });
  const files = {
    'proxy.pem': issued.chainPem,
    'proxy.key': issued.keyPem,
    'other.key': other.keyPem,
    tokens: 'a-token-of-this-test\n',
    'short-token': 'short\n',
    'list.txt': '||ads.test^\n',
    'service.mjs': "export default { name: 'mine', respnse() {} };",
    nothing: 'nothing\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const check = (more: Readonly<Record<string, unknown>> = {}, now?: Date) => {
  const config = { cert: 'proxy.pem', key: 'proxy.key', 'token-file': 'tokens', ...more };
  return problems({ ...DEFAULTS, ...parseConfig(JSON.stringify(config), join(folder, 'proxy.json')) }, now);
};

test('what is right has no problem, and leaves nothing behind', async () => {
  const before = await readdir(folder);
  const right = {
    service: ['transcode', 'compress'],
    filter: 'list.txt',
    cache: 'disk:made/by/nobody',
    audit: 'audit.log',
    admin: '127.0.0.1:0',
  };
  expect(await check(right)).toEqual([]);
  expect(await readdir(folder)).toEqual(before);
});

test.each([
  [{ key: 'other.key' }, /^--key .*other\.key is not the key of the first certificate of --cert/],
  [{ key: 'nothing' }, /^--key .*nothing holds no private key/],
  [{ cert: 'nothing' }, /^--cert .*nothing holds no certificate/],
  [{ cert: 'absent' }, /^--cert: .*absent can't be read \(ENOENT\)/],
  [{ 'client-ca': 'nothing' }, /^--client-ca .*nothing holds no certificate/],
  [{ admin: '0.0.0.0:9090' }, /^--admin 0\.0\.0\.0:9090 is open to others/],
  [{ admin: '127.0.0.1:0', 'admin-token-file': 'short-token' }, /^--admin-token-file: /],
  [{ cache: 'redis://:secret@127.0.0.1:1' }, /^--cache redis: the Redis server can't be reached/],
  [{ cache: 'disk:tokens' }, /^--cache disk:.*tokens is no folder/],
  [{ audit: 'absent/audit.log' }, /^--audit .*audit\.log: .*absent can't be written \(ENOENT\)/],
  [{ audit: '.' }, /^--audit .* is no file/],
  [{ prefetch: true }, /--prefetch .*--cache/],
  [{ service: './service.mjs' }, /there is no hook 'respnse'/],
])('%j is a problem', async (more, problem) => {
  const found = await check(more);
  expect(found.join('\n')).toMatch(problem);
  expect(found.join('\n')).not.toContain('secret');
});

test('a certificate that is over, or not yet, is a problem', async () => {
  expect(await check({}, new Date('2099-01-01'))).toEqual(
    expect.arrayContaining([expect.stringMatching(/^--cert .* expired on /)]),
  );
  expect(await check({}, new Date('1999-01-01'))).toEqual(
    expect.arrayContaining([expect.stringMatching(/^--cert .* is valid from /)]),
  );
});

test('all problems are found at once', async () => {
  expect(await check({ key: 'other.key', admin: '[::]:9', audit: 'absent/audit.log' })).toHaveLength(3);
});
