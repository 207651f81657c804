import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestOrigin, type TestProxy, World } from '../../host/client/world.js';
import { firmware, Papers, through } from '../client/firmware.js';

const sanitized = await firmware('linux', { sanitize: true });
const plain = await firmware('linux');
const reason = sanitized.reason ?? plain.reason;

describe.skipIf(reason)(
  `many fetches in a row${reason ? ` (skipped: ${reason})` : ''}`,
  { timeout: 200_000 },
  () => {
    let world: World;
    let papers: Papers;
    let proxy: TestProxy;
    let origin: TestOrigin;
    let roots: string;
    beforeAll(async () => {
      world = await World.create();
      papers = new Papers();
      proxy = await world.proxy();
      origin = await world.origin((request, response) => {
        if (request.url === '/once') response.setHeader('Connection', 'close');
        response.end('0123456789\n'.repeat(100));
      });
      roots = papers.write('roots.pem', world.authority.root.pem);
    });
    afterAll(async () => {
      await world.close();
      papers.remove();
    });

    const fetchOften = (path: string, times: number) => [
      ...['get', origin.url + path, ...through(proxy, roots, roots), '--repeat', `${times}`, '--measure'],
    ];
    const figures = (said: string) => {
      const [, linear, heap] = /^memory linear \d+ (\d+) heap (\d+)$/m.exec(said) ?? [];
      return { linear: Number(linear), heap: Number(heap) };
    };

    test.each([
      ['1,000 requests on one session', '/', 1000],
      ['100 sessions, each delegated anew', '/once', 100],
    ])('%s leave nothing allocated at the end', async (_, path, times) => {
      const { status, page, said } = await sanitized.firmware!.run(fetchOften(path, times));
      expect(said).not.toContain('LeakSanitizer');
      expect([status, page.length]).toEqual([0, times * 1100]);
    });

    test.each([
      ['requests', '/', 1000],
      ['sessions', '/once', 100],
    ])('three times the %s need no more memory', async (_, path, times) => {
      const [less, more] = [
        await plain.firmware!.run(fetchOften(path, times)),
        await plain.firmware!.run(fetchOften(path, 3 * times)),
      ];
      expect([less.status, more.status]).toEqual([0, 0]);
      expect(figures(more.said).heap).toBeLessThan(figures(less.said).heap + 300 * 1024);
      // A page of linear memory may come or not, by how two sessions overlap.
      expect(figures(more.said).linear).toBeLessThanOrEqual(256 * 1024);
    });
  },
);
