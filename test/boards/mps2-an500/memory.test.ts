import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { World } from '../../host/client/world.js';
import { firmware, Papers, through } from '../client/firmware.js';

const KIB = 1024;
const mps2 = await firmware('mps2-an500');

describe.skipIf(mps2.reason)(
  `an MPS2 with too little memory${mps2.reason ? ` (skipped: ${mps2.reason})` : ''}`,
  { timeout: 120_000 },
  () => {
    let world: World;
    let papers: Papers;
    beforeAll(async () => {
      world = await World.create();
      papers = new Papers();
    });
    afterAll(async () => {
      await world.close();
      papers.remove();
    });

    // Each ends somewhere else: before the first line of the client, in a handshake, in a body.
    test.each([440, 520, 600, 680, 760, 840, 920, 963, 966, 984, 985, 1000, 1080, 1160])(
      'says so and ends, of %i KiB in all',
      async (ram) => {
        const small = await firmware('mps2-an500', { ram: ram * KIB });
        const [origin, proxy] = [
          await world.origin((_, response) => response.end('x'.repeat(200_000))),
          await world.proxy(),
        ];
        const roots = papers.write('roots.pem', world.authority.root.pem);
        const { status, said } = await small.firmware!.run([
          ...['get', `${origin.url}/`, ...through(proxy, roots, roots), '--timeout', '20'],
        ]);
        expect(status).toBe(1);
        expect(said).toMatch(/^deputy: .*memory/m);
      },
    );
  },
);
