// A session lent for an epoch: the proxy reads and writes until the client's next KeyUpdate, and real servers refuse
// whatever it tries after that.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Issued } from '../../host/cli/demo/authority/authority.js';
import { isInstalled, type Origin, type ServerKind, startOrigin } from '../../host/cli/demo/origins.js';
import { type PolicyRule, nodePlatform } from '../../host/index.js';
import { Steps, type TestProxy, World } from '../host/client/world.js';

let world: World;
let proxy: TestProxy;
let issued: Issued;
const seen: string[] = [];
beforeAll(async () => {
  world = await World.create();
  proxy = await world.proxy();
  proxy.server.events.on('request', ({ url }) => seen.push(url));
  issued = await world.authority.issue({ names: ['localhost'] });
});
afterAll(() => world.close());

const rules: PolicyRule[] = [{ origin: '*', decision: 'epoch' }];
const files = {
  '/one': { type: 'text/plain', body: 'the first page' },
  '/two': { type: 'text/plain', body: 'the second page' },
  '/long': { type: 'text/plain', body: 'long '.repeat(400_000) },
};

function lender() {
  const steps = new Steps();
  const client = world.through(proxy, { observer: steps, policy: { rules }, platform: nodePlatform() });
  const get = async (url: string) => {
    const response = await client.request(url);
    let text = '';
    for await (const chunk of response.body) text += Buffer.from(chunk).toString();
    return { text, delegated: response.session.delegated, reused: steps.of('request-sent').at(-1)!.reused };
  };
  return { client, steps, get };
}

describe('nginx', () => {
  if (!isInstalled('nginx')) test.skip('all of it (nginx is not installed)', () => {});
  describe.runIf(isInstalled('nginx'))('keeps the connection', () => {
    let origin: Origin;
    const url = (path: string) => `https://localhost:${origin.port}${path}`;
    beforeAll(async () => {
      origin = await startOrigin('nginx', { certificates: [issued], version: '1.3', files });
    });
    afterAll(() => origin.stop());

    test('the client takes the session back between two requests, and goes on with it', async () => {
      const { client, steps, get } = lender();
      expect(await get(url('/one'))).toEqual({ text: 'the first page', delegated: true, reused: false });
      client.revoke('enough');
      expect(await get(url('/two'))).toEqual({ text: 'the second page', delegated: false, reused: true });
      expect(await get(url('/one'))).toEqual({ text: 'the first page', delegated: false, reused: true });
      expect(seen).toEqual(['/one']);
      expect(steps.of('returned')[0]!.message).toMatchObject({ code: 'REVOKED', clientRecords: 1 });
      await client.close();
    });
  });
});
