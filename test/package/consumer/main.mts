// A program of somebody who installed the package: a proxy with services, and a client that fetches a page through it.
import { readFileSync } from 'node:fs';
import {
  compress,
  createProxy,
  DeputyClient,
  type DeputyClientOptions,
  DeputyError,
  transcode,
} from 'deputy-tls';

const { url, roots, certificate, key, wasm } = JSON.parse(process.env.SETTING ?? '') as Record<
  string,
  string
>;
if (!url || !roots || !certificate || !key) throw new Error('SETTING is incomplete');

const proxy = createProxy({
  tls: { certificate, key },
  tokens: [{ name: 'consumer', token: 'a-token-of-this-program' }],
  targets: { allow: ['localhost'] },
  services: [transcode(), compress()],
  ...(wasm && { wasm: readFileSync(wasm) }),
});
const { port } = await proxy.listen(0, '127.0.0.1');
const options: DeputyClientOptions = {
  proxy: { host: 'localhost', port, roots, token: 'a-token-of-this-program' },
  roots,
  policy: { rules: [{ origin: 'localhost', decision: 'session' }] },
  // A bundle brings the program with it.
  ...(wasm && { wasm: readFileSync(wasm), engine: 'v8' }),
};
const client = new DeputyClient(options);
try {
  const response: Response = await client.fetch(url);
  process.stdout.write(`${response.status} ${await response.text()}`);
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof DeputyError ? error.code : error}\n`);
}
await client.close();
await proxy.close();
