// A real HTTPS origin behind a tap of its own, whose keys are logged: what passes can be opened afterwards.

import type { RequestListener } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { World } from '../host/client/world.js';
import { listen } from '../host/proxy/delegated.js';
import type { KeyLog } from './key_log.js';
import { Tap } from './tap.js';

/** Closed with `world`. */
export async function tappedOrigin(
  world: World,
  log: KeyLog,
  options: ServerOptions,
  answer: RequestListener,
): Promise<Tap> {
  const issued = await world.authority.issue({ names: ['localhost', 'origin.test'] });
  const server = createServer({ cert: issued.chainPem, key: issued.keyPem, ...options }, answer);
  server.on('keylog', (line: Buffer) => log.add(line));
  server.on('tlsClientError', () => {});
  const tap = await Tap.to(await listen(server));
  world.onClose(() => {
    tap.close();
    server.closeAllConnections();
    server.close();
  });
  return tap;
}
