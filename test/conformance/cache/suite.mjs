// Runs cases of http-cache-tests with the package's own runner, against its own origin, through any fetch.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getResults, runTests } from 'http-cache-tests/client/runner.mjs';
import suites from 'http-cache-tests/tests/index.mjs';

/** The cases for shared caches that are about what one client's answer may become for another. */
const OF_SEVERAL_CLIENTS =
  /^(cc-resp-private-shared|freshness-s-maxage-shared|freshness-max-age-s-maxage-shared-.*|other-authorization.*)$/;

export const kinds = ['required', 'optimal', 'check'];

/**
 * Runs the cases that `wanted` picks; `fetchers` are clients of the cache. A case belongs to one client, but for those
 * of several: there each request comes from the next one.
 */
export async function runSuite(base, fetchers, wanted = () => true) {
  const cases = suites
    .flatMap(({ tests }) => tests)
    .map((test) => ({ ...test, kind: test.kind ?? 'required' }))
    .filter((test) => test.browser_only !== true && wanted(test));
  const severals = new Set(cases.filter(({ id }) => OF_SEVERAL_CLIENTS.test(id)).map(({ id }) => id));
  let turn = 0;
  const fetch = (url, init = {}) => {
    const id = new Map(init.headers).get('Test-ID');
    return fetchers[severals.has(id) ? turn++ % fetchers.length : 0](url, init);
  };
  await runTests([{ tests: cases }], fetch, false, base, 128);
  const results = getResults();
  return cases.map(({ id, kind, name }) => {
    const passed = results[id] === true;
    return { id, kind, name, passed, ...(!passed && { why: (results[id] ?? ['', 'did not run'])[1] }) };
  });
}

/** A response of the client as the runner reads it: by the Fetch API, but with every status and header there is. */
export function fetcher(request) {
  return async (url, init = {}) => {
    const options = {
      method: init.method ?? 'GET',
      headers: init.headers ?? [],
      redirect: 'manual',
      ...(init.body !== undefined && { body: Buffer.from(init.body) }),
    };
    const response = await request(url, options);
    const chunks = [];
    for await (const chunk of response.body) chunks.push(chunk);
    const lines = response.headers.map(([name, value]) => [name.toLowerCase(), value]);
    const get = (name) => {
      const values = lines.filter(([each]) => each === name.toLowerCase()).map(([, value]) => value);
      return values.length === 0 ? null : values.join(', ');
    };
    const headers = {
      get,
      has: (name) => get(name) !== null,
      forEach: (each) => lines.forEach(([name, value]) => void each(value, name)),
      [Symbol.iterator]: () => lines[Symbol.iterator](),
    };
    return { status: response.status, headers, text: async () => Buffer.concat(chunks).toString() };
  };
}

/** The package's own server, in a process of its own, speaking TLS. */
export async function startSuiteOrigin({ chainPem, keyPem }) {
  const directory = await mkdtemp(join(tmpdir(), 'deputy-cache-tests-'));
  const file = (name) => join(directory, name);
  await writeFile(file('chain.pem'), chainPem);
  await writeFile(file('key.pem'), keyPem, { mode: 0o600 });
  const port = await freePort();
  const server = fileURLToPath(import.meta.resolve('http-cache-tests/server/server.mjs'));
  const child = spawn(process.execPath, [server], {
    cwd: directory,
    env: {
      npm_config_protocol: 'https',
      npm_config_port: String(port),
      npm_config_pidfile: file('pid'),
      npm_config_certfile: file('chain.pem'),
      npm_config_keyfile: file('key.pem'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error("the suite's origin did not start")));
    child.stdout.on('data', (text) => String(text).includes('Listening') && resolve());
  });
  const stop = async () => {
    child.kill();
    await rm(directory, { recursive: true, force: true });
  };
  return { port, stop };
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
