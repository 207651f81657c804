// Forms, posts, cookies and downloads by `deputy get`, with a real site that looks at what came.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../../../host/cli/get/exit_codes.js';
import { follow, planRequest, remoteName, upgraded } from '../../../../host/cli/get/request.js';
import { Cookies } from '../../../../host/gateway/cookies.js';
import { type TestOrigin, World } from '../../client/world.js';

let world: World;
let folder: string;
let site: TestOrigin;
beforeAll(async () => {
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-get-'));
  site = await world.origin((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.url === '/login') {
        response.setHeader('Set-Cookie', 'id=7; Secure; HttpOnly; Max-Age=3600');
        response.statusCode = 302;
        response.setHeader('Location', `http://localhost:${site.port}/echo`);
        return response.end();
      }
      const { method, headers } = request;
      return response.end(JSON.stringify({ method, headers, body: Buffer.concat(parts).toString('latin1') }));
    });
  });
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

async function ask(path: string, flags: Parameters<typeof planRequest>[1] = {}, cookies?: Cookies) {
  const client = world.client({ policy: { undelegated: 'tunnel' } });
  const response = await follow(client, await planRequest(site.url + path, flags), cookies);
  const parts: Uint8Array[] = [];
  for await (const part of response.body) parts.push(part);
  return { response, echo: JSON.parse(Buffer.concat(parts).toString() || '{}') };
}

describe('what is sent', () => {
  test('-d posts as a form does, pieces joined, files read', async () => {
    await writeFile(join(folder, 'piece'), 'b=2');
    const { echo } = await ask('/', { data: ['a=1', `@${join(folder, 'piece')}`] });
    expect(echo).toMatchObject({
      method: 'POST',
      body: 'a=1&b=2',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '7' },
    });
  });

  test('-F sends files as a browser does', async () => {
    await writeFile(join(folder, 'note.txt'), 'words');
    const { echo } = await ask('/', {
      form: [
        ['who', 'anna'],
        ['note', `@${join(folder, 'note.txt')}`],
      ],
    });
    expect(echo.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(echo.body).toMatch(
      /name="who"\r\n\r\nanna\r\n[\s\S]*name="note"; filename="note\.txt"[\s\S]*words/,
    );
  });

  test('a file that is not there is named', async () => {
    await expect(planRequest(site.url, { data: ['@/no/such'] })).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    });
  });
});

describe('cookies', () => {
  test('are kept in a file of their owner alone, and go along over redirects and runs', async () => {
    const jar = join(folder, 'cookies.json');
    const { response, echo } = await ask('/login', { data: ['who=anna'] }, Cookies.open(jar));
    expect(response.redirected).toBe(true);
    expect(echo).toMatchObject({ method: 'GET', headers: { cookie: 'id=7' } });
    const { stat } = await import('node:fs/promises');
    expect((await stat(jar)).mode & 0o777).toBe(0o600);
    expect((await ask('/', {}, Cookies.open(jar))).echo.headers.cookie).toBe('id=7');
    expect((await ask('/', {})).echo.headers.cookie).toBeUndefined();
    expect(JSON.parse(await readFile(jar, 'utf8')).cookies).toHaveLength(1);
  });
});

describe('addresses', () => {
  test.each([
    ['http://a.example/x', 'https://a.example/x'],
    ['http://a.example:8080/x?y', 'https://a.example:8080/x?y'],
    ['http://[2001:db8::1]/', 'https://[2001:db8::1]/'],
    ['https://a.example/', 'https://a.example/'],
    ['ftp://a.example/', 'ftp://a.example/'],
  ])('%s is asked by TLS', (written, asked) => expect(upgraded(written)).toBe(asked));

  test.each([
    ['https://a/b/c.txt', 'c.txt'],
    ['https://a/', 'index.html'],
    ['https://a/%2e%2e%2fetc%2fpasswd', 'passwd'],
    ['https://a/..', 'index.html'],
    ['https://a/a%00b%0a', 'a_b_'],
  ])('%s is saved as a harmless name', (url, name) => expect(remoteName(url)).toBe(name));
});

test.each([
  ['CONNECTION_FAILED', 7],
  ['RESPONSE_TIMEOUT', 28],
  ['TLS_UNKNOWN_CA', 60],
  ['TLS_CERTIFICATE_EXPIRED', 60],
  ['TLS_TRUNCATED', 1],
  ['POLICY_DENIED', 1],
])('%s ends with %s', (code, status) => expect(exitCodeOf({ code })).toBe(status));
