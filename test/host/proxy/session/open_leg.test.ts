import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrameType } from '../../../../host/delegation/frame.js';
import {
  type Bench,
  connectVia,
  dial,
  InnerClient,
  readUntil,
  startProxy,
  TestMainSession,
} from '../bench.js';

let bench: Bench;
let origin: Server;
let target: string;

beforeAll(async () => {
  bench = await startProxy();
  origin = createServer({ cert: bench.issued.chainPem, key: bench.issued.keyPem }, (request, response) => {
    response.end(`you asked for ${request.url}\n`);
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  target = `127.0.0.1:${(origin.address() as AddressInfo).port}`;
});
afterAll(async () => {
  origin.close();
  origin.closeAllConnections();
  await bench.close();
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a client that counts its records, %s', (version) => {
  test('speaks plain HTTP in the conduit after ACTIVE', async () => {
    const main = await TestMainSession.open(bench);
    const conduit = await dial(bench, 'http/1.1', { session: main.socket.getSession() });
    const { sessionId } = await connectVia(conduit, target, { 'Deputy-Session': 'request' });
    const inner = await InnerClient.open(conduit, { ca: bench.ca, minVersion: version, maxVersion: version });
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
