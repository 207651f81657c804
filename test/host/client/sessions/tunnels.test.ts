// Further origins (R13 in short): the proxy asks, the policy answers, the device shakes hands and delivers.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FrameType } from '../../../../host/delegation/frame.js';
import type { Message } from '../../../../host/delegation/message.js';
import type { PolicyRule } from '../../../../host/delegation/policy.js';
import { NULL_SESSION_ID } from '../../../../host/delegation/session_id.js';
import type { Service } from '../../../../host/services/service.js';
import { codeOf } from '../memory_transport.js';
import { ScriptedProxy, SESSION } from '../scripted_proxy.js';
import { Steps, World } from '../world.js';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.close());

/** Puts what the URLs of a page hold, or why they could not be had, in the place of the page. */
const gather: Service = {
  name: 'gather',
  response: (flow) => ({
    async *body(page) {
      let text = '';
      for await (const chunk of page) text += Buffer.from(chunk).toString();
      for (const url of text.split(' ')) {
        try {
          const other = await flow.fetchOther(url, { reason: 'a part of the page' });
          for await (const chunk of other.body) yield chunk;
        } catch (error) {
          yield Buffer.from(`[${(error as { code?: string }).code}]`);
        }
      }
    },
  }),
};

/** The same, all of them at once. */
const gatherAtOnce: Service = {
  name: 'gather-at-once',
  response: (flow) => ({
    async *body(page) {
      let text = '';
      for await (const chunk of page) text += Buffer.from(chunk).toString();
      const parts = text.split(' ').map(async (url) => {
        let part = '';
        for await (const chunk of (await flow.fetchOther(url)).body) part += Buffer.from(chunk).toString();
        return part;
      });
      for (const part of await Promise.all(parts)) yield Buffer.from(part);
    },
  }),
};

async function page(tunnelRules: PolicyRule[], options = {}) {
  const second = await world.origin((request, response) => response.end(`second ${request.url};`));
  const third = await world.origin((request, response) => response.end(`third ${request.url};`));
  const urls = [`${second.url}/a`, `${third.url}/b`, `${second.url}/c`];
  const first = await world.origin((_, response) => response.end(urls.join(' ')));
  const steps = new Steps();
  const client = world.through(await world.proxy({ services: [gather] }), {
    policy: { rules: [{ origin: '*', decision: 'session', asker: 'request' }, ...tunnelRules] },
    observer: steps,
    ...options,
  });
  const read = async () => (await client.fetch(first.url)).text();
  return { read, steps, second, third, client };
}

const allow: PolicyRule = { origin: '*', decision: 'session', asker: 'tunnel' };

describe('a page of three origins', () => {
  test('is put together by the proxy', async () => {
    const { read, steps } = await page([allow]);
    expect(await read()).toBe('second /a;third /b;second /c;');
    expect(steps.of('tunnel-asked').map(({ tunnel }) => tunnel.reason)).toContain('a part of the page');
    expect(steps.of('tunnel-granted').length).toBeGreaterThanOrEqual(2);
    const answers = steps.of('delivered').map(({ delivery }) => delivery.requestId);
    expect(answers.slice(1)).toEqual(steps.of('tunnel-asked').map(({ tunnel }) => tunnel.requestId));
  });

  test('and twenty-one more, with room for eight sessions: idle ones make room, and nothing is left out', async () => {
    const others = await Promise.all(
      Array.from({ length: 24 }, (_, i) => world.origin((_, response) => response.end(`part ${i};`))),
    );
    const first = await world.origin((_, response) => response.end(others.map(({ url }) => url).join(' ')));
    const steps = new Steps();
    let most = 0;
    const proxy = await world.proxy({ services: [gatherAtOnce] });
    proxy.server.events.on('active', () => {
      most = Math.max(most, proxy.server.sessionCount);
    });
    const client = world.through(proxy, { observer: steps });
    const text = await (await client.fetch(first.url)).text();
    expect(text).toBe(others.map((_, i) => `part ${i};`).join(''));
    expect(steps.of('tunnel-denied')).toEqual([]);
    expect(steps.of('tunnel-granted')).toHaveLength(24);
    expect(most).toBeGreaterThan(4);
    expect(most).toBeLessThanOrEqual(9);
  });

  test('lacks what the policy denies', async () => {
    const { read, steps } = await page([]);
    expect(await read()).toBe('[TUNNEL_DENIED][TUNNEL_DENIED][TUNNEL_DENIED]');
    expect(steps.of('tunnel-denied')[0]!.reason).toContain('policy');
    expect(steps.of('delivered')).toHaveLength(1);
  });

  test('is decided by the one who is asked', async () => {
    const asked: string[] = [];
    const { read, second } = await page([{ origin: '*', decision: 'ask', asker: 'tunnel' }], {
      policy: {
        rules: [
          { origin: '*', decision: 'session', asker: 'request' },
          { origin: '*', decision: 'ask', asker: 'tunnel' },
        ],
        ask: async ({ port, reason }: { port: number; reason: string }) => {
          asked.push(reason);
          return port === second.port ? 'session' : 'deny';
        },
      },
    });
    expect(await read()).toBe('second /a;[TUNNEL_DENIED]second /c;');
    expect(asked).toContain('a part of the page');
  });

  test('lacks what the device can not verify', async () => {
    const bad = await world.origin((_, response) => response.end('never'), {
      issue: { names: ['localhost'], flaw: 'expired' },
    });
    const first = await world.origin((_, response) => response.end(`${bad.url}/x`));
    const steps = new Steps();
    const client = world.through(await world.proxy({ services: [gather] }), { observer: steps });
    expect(await (await client.fetch(first.url)).text()).toBe('[TUNNEL_REFUSED]');
    expect(steps.of('tunnel-denied')[0]!.reason).toContain('expired');
  });

  test('lacks what the client has no room for, and does not hang', async () => {
    const { read } = await page([allow], { maxSessions: 1 });
    expect(await read()).toBe('[TUNNEL_REFUSED][TUNNEL_REFUSED][TUNNEL_REFUSED]');
  });

  test('is whole where there is room for one other at a time', async () => {
    const { read } = await page([allow], { maxSessions: 2 });
    expect(await read()).toBe('second /a;third /b;second /c;');
  });
});

test('sessions of a page that is done make room for the next one', async () => {
  const { read, client } = await page([allow], { maxSessions: 3 });
  expect(await read()).toBe('second /a;third /b;second /c;');
  const next = await world.origin((_, response) => response.end('https://localhost:1/x'));
  expect(await (await client.fetch(next.url)).text()).toMatch(/^\[/);
});

describe('a proxy that asks', () => {
  /** A proxy that activates nothing but asks `question` when the client delivers. */
  const asking = (question: Partial<Extract<Message, { type: FrameType.Tunnel }>>) =>
    ScriptedProxy.start(world, {
      onMessage(message, send) {
        if (message.type === FrameType.Deliver && message.requestId === 0) {
          send({
            type: FrameType.Tunnel,
            sessionId: NULL_SESSION_ID,
            requestId: 7,
            host: 'localhost',
            port: 443,
            reason: 'because',
            forSession: SESSION,
            ...question,
          });
        }
        return undefined;
      },
    });

  test('for a session that nobody uses is denied', async () => {
    const origin = await world.origin((_, response) => response.end());
    const proxy = await asking({ forSession: 'cd'.repeat(16) });
    const client = world.through(proxy, { timeouts: { active: 300 } });
    await codeOf(() => client.fetch(origin.url));
    const denials = proxy.messages.filter((message) => message.type === FrameType.Deny);
    expect(denials).toMatchObject([{ requestId: 7, reason: expect.stringContaining('no session in use') }]);
  });

  test('before it has greeted harms nobody', async () => {
    const origin = await world.origin((_, response) => response.end());
    const question = {
      type: FrameType.Tunnel as const,
      sessionId: NULL_SESSION_ID,
      host: 'localhost',
      port: 443,
    };
    const proxy = await ScriptedProxy.start(world, {
      onMessage(message, send) {
        if (message.type !== FrameType.Hello) return undefined;
        send({ ...question, requestId: 7, reason: '', forSession: SESSION });
        send({ type: FrameType.Error, sessionId: NULL_SESSION_ID, code: 'FULL', text: 'no room' });
        return true;
      },
    });
    expect(await codeOf(() => world.through(proxy).fetch(origin.url))).toBe('FULL');
  });

  test('with request id 0 breaks the protocol', async () => {
    const origin = await world.origin((_, response) => response.end());
    const proxy = await asking({});
    const client = world.through(proxy, { timeouts: { active: 300 } });
    proxy.script.onMessage = (message, send) => {
      if (message.type !== FrameType.Deliver) return undefined;
      const body = new Uint8Array(4 + 2 + 2 + 1 + 2 + 16);
      body.set([0, 0, 0, 0, 1, 187, 1, 97, 0, 0], 0);
      send(Uint8Array.from([8, ...new Array(16).fill(0), 0, 0, body.length, ...body]));
      return undefined;
    };
    expect(await codeOf(() => client.fetch(origin.url))).toMatch(/FRAME_|NOT_ACTIVATED/);
  });
});
