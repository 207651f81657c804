// Loaded into the proxy's process (node --import): tells, when asked over its channel, what it holds after a collection.
process.on('message', () => {
  globalThis.gc();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  const resources = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  process.send({ heapUsed, arrayBuffers, rss, resources });
});
process.channel.unref();
