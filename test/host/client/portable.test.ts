// The client's files run in a bare JavaScript engine: no Node, no DOM, only what the platform gives.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Client } from '../../../host/client/client.js';
import type { ClientOptions } from '../../../host/client/options.js';
import type { Grant } from '../../../host/delegation/grant.js';
import { loadV8 } from '../../../host/engine/v8.js';
import { nodePlatform, type Platform } from '../../../host/index.js';
import { clientWasm, TOKEN, World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.close());

test('a delegated request works in an engine that has nothing but the language', async () => {
  const entry = fileURLToPath(new URL('../../../host/client/client.ts', import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'deputy',
    platform: 'neutral',
    target: 'es2022',
  });
  const context = vm.createContext({});
  // What ECMA-262 knows and no more: the board's engine has no TextEncoder, URL, timers, Response or WebAssembly.
  const known = vm.runInContext('Object.getOwnPropertyNames(globalThis)', context) as string[];
  expect(known).not.toContain('TextEncoder');
  vm.runInContext('delete globalThis.WebAssembly; delete globalThis.console', context);
  vm.runInContext(outputFiles[0]!.text, context);
  const { Client: BareClient } = vm.runInContext('deputy', context) as {
    Client: new (options: ClientOptions) => Client;
  };

  const node = nodePlatform();
  const platform: Platform = {
    connect: node.connect,
    entropy: node.entropy,
    now: node.now,
    setTimer: node.setTimer,
    parseUrl: node.parseUrl,
    loadProgram: async () => loadV8(await readFile(clientWasm)),
  };
  const origin = await world.origin((request, response) =>
    response.end(`${request.url} ${request.headers['accept-encoding']}`),
  );
  const { port } = await world.proxy();
  const roots = world.authority.root.pem;
  const client = new BareClient({
    platform,
    proxy: { host: 'localhost', port, roots, token: TOKEN },
    roots,
    policy: { rules: [{ origin: 'localhost', decision: 'session' }] },
  });
  world.onClose(() => client.close());
  const response = await client.request(`${origin.url}/page`);
  let text = '';
  for await (const bytes of response.body) text += Buffer.from(bytes).toString();
  expect(text).toBe('/page undefined');
  expect(response.session).toMatchObject({ delegated: true, grant: 3 satisfies Grant.Session });
});
