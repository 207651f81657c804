// Programs whose TLS keys are logged, so that a test can open what it recorded.
import { syncBuiltinESMExports } from 'node:module';
import tls from 'node:tls';
import type { KeyLog } from './key_log.js';

/** Runs `make`, and logs the keys of every TLS server of Node that it creates. */
export async function withServerKeys<T>(log: KeyLog, make: () => T | Promise<T>): Promise<T> {
  const original = tls.createServer;
  tls.createServer = ((...args: Parameters<typeof original>) => {
    const server = original(...args);
    server.on('keylog', (line: Buffer) => log.add(line));
    return server;
  }) as typeof original;
  syncBuiltinESMExports();
  try {
    return await make();
  } finally {
    tls.createServer = original;
    syncBuiltinESMExports();
  }
}
