// Runs cases of http-cache-tests with the package's own runner, against its own origin, through any fetch.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getResults, runTests } from 'http-cache-tests/client/runner.mjs';
import suites from 'http-cache-tests/tests/index.mjs';
import type { Client } from '../../../host/client/client.js';

export type Kind = 'required' | 'optimal' | 'check';

export interface Result {
  id: string;
  kind: Kind;
  name: string;
  passed: boolean;
  why?: string;
}

/** What the runner asks of `fetch`. */
export interface FetchInit {
  method?: string;
  headers?: [name: string, value: string][];
  body?: string | Uint8Array;
}
export type Fetcher = (url: string, init?: FetchInit) => Promise<unknown>;

/** The cases for shared caches that are about what one client's answer may become for another. */
const OF_SEVERAL_CLIENTS =
  /^(cc-resp-private-shared|freshness-s-maxage-shared|freshness-max-age-s-maxage-shared-.*|other-authorization.*)$/;

export const kinds: readonly Kind[] = ['required', 'optimal', 'check'];

/**
 * Runs the cases that `wanted` picks; `fetchers` are clients of the cache. A case belongs to one client, but for those
 * of several: there each request comes from the next one.
 */
export async function runSuite(
  base: string,
  fetchers: readonly Fetcher[],
  wanted: (test: {
    id: string;
    kind: Kind;
    requests: readonly { pause_after?: boolean }[];
  }) => boolean = () => true,
): Promise<Result[]> {
  const cases = suites
    .flatMap(({ tests }) => tests)
    .map((test) => ({ ...test, kind: test.kind ?? 'required' }))
    .filter((test) => test.browser_only !== true && wanted(test));
  const severals = new Set(cases.filter(({ id }) => OF_SEVERAL_CLIENTS.test(id)).map(({ id }) => id));
  let turn = 0;
  const fetch: Fetcher = async (url, init = {}) => {
    const id = new Map(init.headers ?? []).get('Test-ID') ?? '';
    return fetchers[severals.has(id) ? turn++ % fetchers.length : 0]?.(url, init);
  };
  await runTests([{ tests: cases }], fetch, false, base, 128);
  const results = getResults();
  return cases.map(({ id, kind, name }) => {
    const result = results[id] ?? ['', 'did not run'];
    const passed = result === true;
    return { id, kind, name, passed, ...(!passed && { why: result[1] ?? '' }) };
  });
}

/** A response of the client as the runner reads it: by the Fetch API, but with every status and header there is. */
export function fetcher(request: Client['request']): Fetcher {
  return async (url, init = {}) => {
    const options = {
      method: init.method ?? 'GET',
      headers: init.headers ?? [],
      redirect: 'manual' as const,
      ...(init.body !== undefined && { body: Buffer.from(init.body) }),
    };
    const response = await request(url, options);
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    const lines = [...response.headers].map(([name, value]) => [name.toLowerCase(), value] as const);
    const get = (name: string) => {
      const values = lines.filter(([each]) => each === name.toLowerCase()).map(([, value]) => value);
      return values.length === 0 ? null : values.join(', ');
    };
    const headers = {
      get,
      has: (name: string) => get(name) !== null,
      forEach: (each: (value: string, name: string) => void) =>
        lines.forEach(([name, value]) => void each(value, name)),
      [Symbol.iterator]: () => lines[Symbol.iterator](),
    };
    return { status: response.status, headers, text: async () => Buffer.concat(chunks).toString() };
  };
}

/** The package's own server, in a process of its own, speaking TLS. */
export async function startSuiteOrigin({
  chainPem,
  keyPem,
}: {
  chainPem: string;
  keyPem: string;
}): Promise<{ port: number; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'deputy-cache-tests-'));
  const file = (name: string) => join(directory, name);
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
  await new Promise<void>((resolve, reject) => {
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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
