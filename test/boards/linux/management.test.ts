// Orders to a board that keeps its counter, settings and roots over a restart: each run is one.
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rootList } from '../../../boards/parts/roots.js';
import { createAuthority } from '../../../host/cli/demo/authority/authority.js';
import { Command, encodeOrder, type Instruction } from '../../../host/delegation/order.js';
import { type TestProxy, World } from '../../host/client/world.js';
import { firmware, Papers, through } from '../client/firmware.js';

const linux = await firmware('linux', { sanitize: true });
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe.skipIf(linux.reason)(
  `a managed board${linux.reason ? ` (skipped: ${linux.reason})` : ''}`,
  { timeout: 120_000 },
  () => {
    let world: World;
    let papers: Papers;
    let proxy: TestProxy;
    let url: string;
    let args: string[];
    let store: string;
    beforeAll(async () => {
      world = await World.create();
      papers = new Papers();
      proxy = await world.proxy();
      url = (await world.origin((_, response) => response.end('the page\n'))).url;
      const roots = papers.write('roots.pem', world.authority.root.pem);
      const key = papers.write('manage.pem', publicKey.export({ type: 'spki', format: 'pem' }) as string);
      args = ['get', url, ...through(proxy, roots, roots), '--device', 'board-1', '--manage-key', key];
      store = papers.path('store');
      mkdirSync(store);
    });
    afterAll(async () => {
      await world.close();
      papers.remove();
    });

    const run = () => linux.firmware!.run(args, { env: { DEPUTY_STORE: store } });
    const order = (counter: number, instruction: Instruction) => {
      const bytes = encodeOrder({ device: 'board-1', counter, ...instruction });
      proxy.server.order({ order: bytes, signature: sign('sha256', bytes, privateKey) });
      return bytes;
    };
    const known = () => proxy.server.devices().find(({ device }) => device === 'board-1');

    test('obeys each order once, also where it comes again after a restart', async () => {
      const notice = order(4, { command: Command.Notice, text: 'closed on Monday' });
      const first = await run();
      expect(first).toMatchObject({ status: 0, page: Buffer.from('the page\n') });
      expect(first.said).toBe('deputy: notice: closed on Monday\n');
      await expect
        .poll(known)
        .toMatchObject({ board: 'board', counter: 4, receipts: [{ counter: 4, code: 'DONE' }] });
      expect(known()?.memory).toBeGreaterThan(0);
      // A proxy that forgot that, or says so.
      proxy.server.order({ order: notice, signature: sign('sha256', notice, privateKey) });
      expect((await run()).said).toBe('');
      await expect.poll(() => known()?.counter).toBe(4);
    });

    test('goes by settings and roots that it was given before', async () => {
      order(5, {
        command: Command.Settings,
        settings: [
          ['tls', '1.2'],
          ['grant', 'full'],
        ],
      });
      expect((await run()).status).toBe(0);
      const versions: string[] = [];
      proxy.server.events.on('handshake', ({ tlsVersion }) => versions.push(tlsVersion));
      expect((await run()).status).toBe(0);
      expect(versions).toEqual(['1.2']);
      const other = await createAuthority();
      order(6, { command: Command.Roots, roots: await rootList(20_990_101, [other.root.der]) });
      await run();
      await expect.poll(known).toMatchObject({ counter: 6, roots: 20_990_101 });
      const refused = await run();
      expect(refused).toMatchObject({ status: 1 });
      expect(refused.said).toMatch(/\(TLS_UNKNOWN_CA\)$/m);
    });
  },
);
