// R22: with delegation the device authenticates once, and its work for what a page holds shrinks.
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { isInstalled, startOrigin } from '../../../host/cli/demo/origins.js';
import type { Files } from '../../../host/cli/demo/site.js';
import { transcode } from '../../../host/services/transcode/index.js';
import { firmware } from '../client/firmware.js';
import { setting } from '../client/setting.js';

const mps2 = await firmware('mps2-an500');

/** A photograph by its size and its noise. */
const photograph = (seed: number): Promise<Buffer> =>
  sharp({
    create: {
      width: 1600,
      height: 1200,
      channels: 3,
      background: { r: 40 * seed, g: 90, b: 140 },
      noise: { type: 'gaussian', mean: 128, sigma: 24 },
    },
  })
    .jpeg({ quality: 80 })
    .toBuffer();

const story = (style: string, script: string, pictures: readonly string[]): string =>
  `<!DOCTYPE html><link rel="stylesheet" href="${style}"><script src="${script}"></script><script src="/b.js"></script>
${pictures.map((picture) => `<p>${'A sentence of the story. '.repeat(20)}<img src="${picture}" alt="">`).join('\n')}`;

describe.skipIf(mps2.reason)(
  `what delegation saves an MPS2${mps2.reason ? ` (skipped: ${mps2.reason})` : ''}`,
  { timeout: 300_000 },
  () => {
    const here = setting();

    test('a page of ten objects on three origins', async () => {
      const pictures = await Promise.all([1, 2, 3, 4, 5, 6].map(photograph));
      const certificates = [await here.world.authority.issue({ names: ['localhost'] })];
      const serve = async (files: Files) => {
        const origin = await startOrigin(isInstalled('nginx') ? 'nginx' : 'node', { certificates, files });
        here.world.onClose(() => origin.stop());
        return `https://localhost:${origin.port}`;
      };
      const picturesFrom = (from: number): Files =>
        Object.fromEntries(
          pictures.slice(from, from + 3).map((body, i) => [`/${from + i}.jpg`, { type: 'image/jpeg', body }]),
        );
      const first = await serve(picturesFrom(0));
      const second = await serve({
        ...picturesFrom(3),
        '/a.css': { type: 'text/css', body: 'p { margin: 0 }\n'.repeat(400) },
        '/a.js': { type: 'text/javascript', body: 'track();\n'.repeat(8000) },
      });
      const links = pictures.map((_, i) => `${i < 3 ? first : second}/${i}.jpg`);
      const page = await serve({
        '/page.html': { type: 'text/html', body: story(`${second}/a.css`, `${second}/a.js`, links) },
        '/b.js': { type: 'text/javascript', body: 'start();\n'.repeat(8000) },
      });
      const proxy = await here.world.proxy({ services: [transcode()] });
      const board = mps2.firmware!;

      const all = [`${page}/page.html`, `${page}/b.js`, `${second}/a.css`, `${second}/a.js`, ...links];
      const direct = await board.run(['get', ...all, '--direct', '--ca', here.roots, '--measure']);
      const delegated = await board.run([
        'get',
        `${page}/page.html`,
        ...here.admit(proxy),
        '--allow-tunnel',
        '*',
        '--measure',
      ]);
      expect([direct.status, delegated.status]).toEqual([0, 0]);
      expect(`${delegated.page}`.match(/src="data:image/g)).toHaveLength(pictures.length);
      const total = (said: string) => Number(/^measure total (\d+)$/m.exec(said)?.[1]);
      const [without, with_] = [total(direct.said), total(delegated.said)];
      console.log(
        `ten objects on three origins, instructions of an MPS2 in millions: ${(without / 1e6).toFixed(0)} directly (${direct.page.length} bytes), ` +
          `${(with_ / 1e6).toFixed(0)} delegated (${delegated.page.length} bytes)`,
      );
      expect(with_).toBeLessThan(without / 3);
    });
  },
);
