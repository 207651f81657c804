// Loaded into the proxy's process (node --import): tells, when asked over its channel, what it holds after a collection.
import type { Held } from './messages.js';

process.on('message', () => {
  globalThis.gc!();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  const held: Held = { heapUsed, arrayBuffers, rss, resources };
  process.send!(held);
});
process.channel!.unref();
