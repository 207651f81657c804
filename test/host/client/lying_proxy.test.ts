// Proxies that break the protocol, or the client's trust: each ends in a typed error, and none gets more than its due.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../host/cli/demo/authority/authority.js';
import { encodeFrame, FrameType } from '../../../host/delegation/frame.js';
import type { Deliver, Message } from '../../../host/delegation/message.js';
import { NULL_SESSION_ID } from '../../../host/delegation/session_id.js';
import { codeOf } from './memory_transport.js';
import { ScriptedProxy, SESSION } from './scripted_proxy.js';
import { Steps, type TestOrigin, World } from './world.js';

let world: World;
let origin: TestOrigin;
beforeEach(async () => {
  world = await World.create();
  origin = await world.origin((_, response) => response.end('end to end'));
});
afterEach(() => world.close());

const patience = { active: 200, handshake: 1000 };
const rules = [{ origin: '*', decision: 'session' as const }];

const outcome = async (
  script: ConstructorParameters<never>[0] | Parameters<typeof ScriptedProxy.start>[1],
) => {
  const proxy = await ScriptedProxy.start(world, script);
  const client = world.through(proxy, { timeouts: patience });
  return codeOf(async () => (await client.fetch(origin.url)).text());
};

describe('a proxy that takes no part', () => {
  test('runs into a clear error, and the grant is revoked', async () => {
    const proxy = await ScriptedProxy.start(world);
    const client = world.through(proxy, { timeouts: patience });
    await expect(client.fetch(origin.url)).rejects.toMatchObject({
      code: 'NOT_ACTIVATED',
      message: expect.stringContaining('within 200 ms'),
    });
    await expect.poll(() => proxy.messages.map(({ type }) => type)).toContain(FrameType.Revoke);
  });

  test('is passed by end to end where the policy says so', async () => {
    const proxy = await ScriptedProxy.start(world);
    const steps = new Steps();
    const policy = { rules, undelegated: 'tunnel' as const };
    const client = world.through(proxy, { timeouts: patience, policy, observer: steps });
    expect(await (await client.fetch(origin.url)).text()).toBe('end to end');
    expect(steps.names).toContain('undelegated');
  });

  test.each([
    'GRANT_UNSUPPORTED',
    'UNSUPPORTED_SUITE',
    'NOT_DELEGABLE',
    'WRONG_SECRET',
    'LIMIT',
    'INTERNAL',
    'SOMETHING_NEW',
  ])('is passed by at once where it refuses with %s', async (code) => {
    const proxy = await ScriptedProxy.start(world, {
      onMessage: (message, send) => {
        if (message.type !== FrameType.Deliver) return undefined;
        send({ type: FrameType.Error, sessionId: message.sessionId, code, text: 'no' });
        return true;
      },
    });
    const policy = { rules, undelegated: 'tunnel' as const };
    const client = world.through(proxy, { policy });
    expect(await (await client.fetch(origin.url)).text()).toBe('end to end');
    const strict = world.through(proxy);
    await expect(strict.fetch(origin.url)).rejects.toMatchObject({ code });
  });

  test('is passed by where the origin has no such grant, and never where the origin is another', async () => {
    const old = await world.origin((_, response) => response.end('end to end'), { maxVersion: 'TLSv1.2' });
    const proxy = await ScriptedProxy.start(world);
    const rules = [{ origin: '*', decision: 'epoch' as const }];
    const policy = { rules, undelegated: 'tunnel' as const };
    const client = world.through(proxy, { policy });
    expect(await (await client.fetch(old.url)).text()).toBe('end to end');
    const steps = new Steps();
    const distrusting = world.through(proxy, {
      policy,
      observer: steps,
      roots: (await createAuthority()).root.pem,
    });
    await expect(distrusting.fetch(old.url)).rejects.toMatchObject({ code: 'TLS_UNKNOWN_CA' });
    expect(steps.names).not.toContain('undelegated');
  });

  test('that never greets is given up', async () => {
    expect(await outcome({ onMessage: () => true })).toBe('NO_WELCOME');
  });
});

describe('a proxy that lies about the change', () => {
  const active = (message: Message, send: (message: Message) => void, changes: object) => {
    if (message.type !== FrameType.Deliver) return undefined;
    const { clientRecords, originEpochStart } = message;
    send({
      type: FrameType.Active,
      sessionId: SESSION,
      clientRecords,
      originRecords: originEpochStart,
      ...changes,
    });
    return true;
  };

  test.each([
    ['about the records of the client', { clientRecords: 1 }, 'HANDOVER_MISMATCH'],
    ['with fewer records than there were', { originRecords: 0 }, 'HANDOVER_MISMATCH'],
    ['with more records than will come', { originRecords: 99 }, 'HANDOVER_MISMATCH'],
  ])('%s is refused', async (_, changes, code) => {
    expect(await outcome({ onMessage: (message, send) => active(message, send, changes) })).toBe(code);
  });

  test('about another session changes nothing', async () => {
    const sessionId = 'cd'.repeat(16);
    expect(await outcome({ onMessage: (message, send) => active(message, send, { sessionId }) })).toBe(
      'NOT_ACTIVATED',
    );
  });
});

describe('a main session with', () => {
  test.each([
    ['an oversized frame', Uint8Array.from([4, ...new Array(16).fill(0), 255, 255, 255]), 'FRAME_TOO_LONG'],
    ['a malformed WELCOME', Uint8Array.from([2, ...new Array(16).fill(0), 0, 0, 1, 0]), 'FRAME_TRUNCATED'],
    [
      'the error that the proxy means',
      { type: FrameType.Error, sessionId: NULL_SESSION_ID, code: 'FULL', text: 'no room' } as Message,
      'FULL',
    ],
  ])('%s ends in a typed error', async (_, answer, code) => {
    expect(
      await outcome({
        onMessage(message, send) {
          if (message.type !== FrameType.Hello) return undefined;
          send(answer);
          return true;
        },
      }),
    ).toBe(code);
  });

  test('another version of the protocol is refused', async () => {
    let proxy: ScriptedProxy | undefined;
    const script = {
      onMessage(message: Message) {
        if (message.type === FrameType.Hello) proxy!.welcome(9);
        return true;
      },
    };
    proxy = await ScriptedProxy.start(world, script);
    expect(await codeOf(() => world.through(proxy!).fetch(origin.url))).toBe('PROXY_VERSION');
  });

  test('frames of unknown types goes on', async () => {
    const unknown = encodeFrame({
      type: 77 as FrameType,
      sessionId: NULL_SESSION_ID,
      body: new Uint8Array(900),
    });
    const script = {
      onMessage(message: Message, send: (message: Uint8Array) => void) {
        if (message.type === FrameType.Hello) send(unknown);
        return undefined;
      },
    };
    expect(await outcome(script)).toBe('NOT_ACTIVATED');
  });
});

describe('an answer to CONNECT', () => {
  test.each([
    ['without a session id', 'HTTP/1.1 200 OK\r\n\r\n', 'NO_SESSION_ID'],
    ['with the null id', `HTTP/1.1 200 OK\r\nDeputy-Session: ${NULL_SESSION_ID}\r\n\r\n`, 'NO_SESSION_ID'],
    ['that is no HTTP', 'hello\r\n\r\n', 'HTTP_BAD_HEAD'],
    ['that is too long', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(9000)}\r\n\r\n`, 'CONNECT_FAILED'],
    ['that refuses', 'HTTP/1.1 418 Teapot\r\n\r\n', 'CONNECT_FAILED'],
    [
      'that refuses with a reason',
      'HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nno \u001b[31mway',
      'TARGET_FORBIDDEN',
    ],
  ])('%s is told apart', async (_, connectAnswer, code) => {
    expect(await outcome({ connectAnswer })).toBe(code);
  });
});

test('a delivery holds what the origin negotiated, bound to this main session', async () => {
  const proxy = await ScriptedProxy.start(world);
  const client = world.through(proxy, { timeouts: patience });
  await codeOf(() => client.fetch(origin.url));
  const [first] = proxy.deliveries as [Deliver];
  expect(first).toMatchObject({
    sessionId: SESSION,
    protocolVersion: 0x0304,
    sni: 'localhost',
    alpn: 'http/1.1',
  });
  expect(first.secrets.length).toBeGreaterThanOrEqual(64);
  expect(first.secrets.some((byte) => byte !== 0)).toBe(true);
  await codeOf(() => client.fetch(origin.url));
  expect(proxy.deliveries[1]!.binding).not.toEqual(first.binding);
});

test('a conduit that closes while the delivery is on its way ends in an error', async () => {
  let conduit: { destroy(): void } | undefined;
  const code = await outcome({
    onTunnel(client, upstream) {
      conduit = client;
      client.pipe(upstream).pipe(client);
    },
    onMessage(message) {
      if (message.type === FrameType.Deliver) conduit!.destroy();
      return undefined;
    },
  });
  expect(code).toBe('NOT_ACTIVATED');
});
