// R22: with delegation the device authenticates once, and its work for what a page holds shrinks.
import { describe, expect, test } from 'vitest';
import { runMeasured } from '../../../boards/bench/session/run.js';
import { serveStory } from '../../../boards/bench/session/story.js';
import { isInstalled, startOrigin } from '../../../host/cli/demo/origins.js';
import { transcode } from '../../../host/services/transcode/index.js';
import { firmware } from '../client/firmware.js';
import { setting } from '../client/setting.js';

const mps2 = await firmware('mps2-an500');

describe.skipIf(mps2.reason)(
  `what delegation saves an MPS2${mps2.reason ? ` (skipped: ${mps2.reason})` : ''}`,
  { timeout: 300_000 },
  () => {
    const here = setting();

    test('a page of ten objects on three origins', async () => {
      const issuer = await here.world.authority.intermediate();
      const { page, objects, pictures } = await serveStory(async (files) => {
        const certificates = [await issuer.issue({ names: ['localhost'] })];
        const origin = await startOrigin(isInstalled('nginx') ? 'nginx' : 'node', { certificates, files });
        here.world.onClose(() => origin.stop());
        return `https://localhost:${origin.port}`;
      }, 1600);
      const proxy = await here.world.proxy({ services: [transcode()] });
      const { board, file } = mps2.firmware!;

      const direct = await runMeasured(board, file, ['get', ...objects, '--direct', '--ca', here.roots]);
      const delegated = await runMeasured(board, file, [
        ...['get', page, ...here.admit(proxy), '--allow-tunnel', '*'],
      ]);
      expect(`${delegated.page}`.match(/src="data:image/g)).toHaveLength(pictures);
      console.log(
        `ten objects on three origins, instructions of an MPS2 in millions: ${(direct.total / 1e6).toFixed(0)} directly (${direct.page.length} bytes), ` +
          `${(delegated.total / 1e6).toFixed(0)} delegated (${delegated.page.length} bytes)`,
      );
      expect(delegated.total).toBeLessThan(direct.total / 3);
    });

    test('an authority that two origins share', async () => {
      const issuer = await here.world.authority.intermediate();
      const [first, second] = await Promise.all(
        [1, 2].map(async () => {
          const certificates = [await issuer.issue({ names: ['localhost'] })];
          const origin = await startOrigin('node', {
            certificates,
            files: { '/': { type: 'text/plain', body: 'x' } },
          });
          here.world.onClose(() => origin.stop());
          return `https://localhost:${origin.port}/`;
        }),
      );
      const { board, file } = mps2.firmware!;
      const args = ['get', first!, second!, '--direct', '--ca', here.roots];
      const { steps } = await runMeasured(board, file, args);
      const [own, shared] = steps.filter(({ step }) => step === 'origin-verified');
      // Of three signatures the one on the authority is not verified again: 9 million instructions.
      expect(shared!.instructions).toBeLessThan(own!.instructions - 8e6);
    });
  },
);
