// A link that is fast enough for a test: what stands in the report is what happened.
import { expect, test } from 'vitest';
import { measureLink } from '../../../../boards/bench/link/bench.js';
import { parseLink } from '../../../../boards/bench/link/link.js';
import { serveStory } from '../../../../boards/bench/session/story.js';
import { startWorld } from '../../../../boards/bench/session/world.js';

test('pages come whole both ways, delegated over one connection', { timeout: 60_000 }, async () => {
  const world = await startWorld();
  try {
    const story = await serveStory(world.serve, 100);
    const { ways } = await measureLink(parseLink('100M/2ms'), world, story, () => {});
    expect(ways.map(({ way }) => way)).toEqual([
      'direct',
      'delegated',
      'delegated, 16 bits',
      'delegated, compressed',
    ]);
    for (const { first, second } of ways) {
      expect([first.pictures, second.pictures]).toEqual([6, 6]);
      for (const times of [first, second]) expect(times.firstByte).toBeLessThanOrEqual(times.complete);
    }
    const [direct, ...delegated] = ways;
    expect(direct!.connections).toBeGreaterThan(3);
    expect(direct!.proxyHandshakes).toBe(0);
    // 31 KB twice, and what carries them.
    expect(direct!.bytesDown).toBeGreaterThan(62_000);
    for (const { connections, proxyHandshakes } of delegated)
      expect([connections, proxyHandshakes]).toEqual([1, 1]);
  } finally {
    await world.stop();
  }
});
