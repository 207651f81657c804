import { describe, expect, test } from 'vitest';
import { FrameType } from '../../../../host/delegation/frame.js';
import { connectVia, dial, InnerClient, readUntil, TestMainSession } from '../bench.js';
import { echoWorld } from '../echo_world.js';

const world = echoWorld();

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a client that counts its records, %s', (version) => {
  test('speaks plain HTTP in the conduit after ACTIVE', async () => {
    const main = await TestMainSession.open(world.bench);
    const conduit = await dial(world.bench, 'http/1.1', { session: main.socket.getSession() });
    const { sessionId } = await connectVia(conduit, world.target, { 'Deputy-Session': 'request' });
    const inner = await InnerClient.open(conduit, {
      ca: world.bench.ca,
      minVersion: version,
      maxVersion: version,
    });
    main.deliver(sessionId, inner.delivery());
    const active = await main.wait(FrameType.Active);
    const sent = inner.sent.length;
    expect(active).toMatchObject({ sessionId, clientRecords: sent });
    await inner.detach(active.originRecords);
    conduit.write('GET /one HTTP/1.1\r\nHost: origin.test\r\n\r\n');
    expect(await readUntil(conduit, 'you asked for /one')).toContain('200 OK');
    conduit.write('GET /two HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n');
    expect(await readUntil(conduit, 'you asked for /two')).toContain('200 OK');
    conduit.end();
    await main.wait(FrameType.Close, (message) => message.sessionId === sessionId);
    expect(inner.sent.length).toBe(sent);
    main.socket.destroy();
  });
});
