// What a board is measured against: a proxy that transcodes, and origins, on this machine's loopback.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientOptions } from '../../../host/client/options.js';
import { built, type Files } from '../host/world.js';

const TOKEN = 'benchmark-token';

/**
 * Starts it. `serve(files)` starts an origin (path → `{ type, body }`) and gives its URL, `direct` and `delegated` are the
 * client's arguments for either way, `server` names the kind of origin, `stop()` ends all.
 */
export type World = Awaited<ReturnType<typeof startWorld>>;

export async function startWorld() {
  const { createAuthority } = await built('host/cli/demo/authority/authority.js');
  const { isInstalled, startOrigin } = await built('host/cli/demo/origins.js');
  const { createProxy } = await built('host/proxy/proxy.js');
  const { transcode, compress } = await built('host/index.js');
  const authority = await createAuthority();
  const folder = await mkdtemp(join(tmpdir(), 'deputy-session-'));
  const roots = join(folder, 'roots.pem');
  await writeFile(roots, authority.root.pem);
  const identity = await authority.issue({ names: ['localhost'] });
  // The origins have certificates of their own by one public authority, the proxy one of another.
  const issuer = await authority.intermediate();
  const proxy = createProxy({
    tls: { certificate: identity.chainPem, key: identity.keyPem },
    tokens: [{ name: 'benchmark', token: TOKEN }],
    targets: { allow: ['127.0.0.0/8', '::1'], ports: 'any' },
    // Who can't undo a content coding asks for none: boards get their pages as they are.
    services: [transcode(), compress()],
  });
  const { port } = await proxy.listen(0, '127.0.0.1');
  const origins: { stop(): Promise<void> }[] = [];
  const kind = isInstalled('nginx') ? 'nginx' : 'node';
  return {
    server: kind,
    async serve(files: Files) {
      const certificates = [await issuer.issue({ names: ['localhost'] })];
      const origin = await startOrigin(kind, { certificates, files, version: '1.3' });
      origins.push(origin);
      return `https://localhost:${origin.port}`;
    },
    roots: authority.root.pem,
    proxyPort: port,
    /** The same as `delegated`, for a client in this process. */
    admitted: {
      proxy: { host: 'localhost', port, roots: authority.root.pem, token: TOKEN },
      policy: { rules: [{ origin: '*', decision: 'session' }] },
    } satisfies Partial<ClientOptions>,
    direct: ['--direct', '--ca', roots],
    delegated: [
      ...['--proxy', `localhost:${port}`, '--proxy-ca', roots, '--ca', roots],
      ...['--token', TOKEN, '--allow-tunnel', '*'],
    ],
    async stop() {
      await proxy.close();
      await Promise.all(origins.map((origin) => origin.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
