import { describe, expect, test } from 'vitest';
import { FrameType } from '../../../../host/delegation/frame.js';
import { NULL_SESSION_ID } from '../../../../host/delegation/session_id.js';
import { connectVia, dial, InnerClient, readUntil, TestMainSession } from '../bench.js';
import { echoWorld } from '../echo_world.js';

const world = echoWorld();

const suites: [string, 'TLSv1.2' | 'TLSv1.3', string][] = [
  ['TLS 1.3 AES-128-GCM', 'TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
  ['TLS 1.3 AES-256-GCM', 'TLSv1.3', 'TLS_AES_256_GCM_SHA384'],
  ['TLS 1.3 ChaCha20', 'TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256'],
  ['TLS 1.2 AES-128-GCM', 'TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['TLS 1.2 AES-256-GCM', 'TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['TLS 1.2 ChaCha20', 'TLSv1.2', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ['TLS 1.2 AES-128-CBC SHA-1', 'TLSv1.2', 'ECDHE-ECDSA-AES128-SHA'],
  ['TLS 1.2 AES-128-CBC SHA-256', 'TLSv1.2', 'ECDHE-ECDSA-AES128-SHA256'],
  ['TLS 1.2 AES-256-CBC SHA-384', 'TLSv1.2', 'ECDHE-ECDSA-AES256-SHA384'],
];

describe.each(suites)('a client that only logs keys, %s', (_, version, cipher) => {
  const options = () => ({ ca: world.bench.ca, minVersion: version, maxVersion: version, ciphers: cipher });

  test('has its held request answered after the delivery', async () => {
    const main = await TestMainSession.open(world.bench);
    const conduit = await dial(world.bench, 'http/1.1');
    const { status, sessionId } = await connectVia(conduit, world.target, {
      'Deputy-Session': 'request; leg=mirror',
    });
    expect(status).toBe(200);
    const inner = await InnerClient.open(conduit, options());
    inner.socket.write('GET /one HTTP/1.1\r\nHost: origin.test\r\n\r\n');
    main.deliver(NULL_SESSION_ID, inner.logged());
    const active = await main.wait(FrameType.Active);
    expect(active.sessionId).toBe(sessionId);
    expect(await readUntil(inner.socket, 'you asked for /one')).toContain('200 OK');
    inner.socket.write('GET /two HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n');
    expect(await readUntil(inner.socket, 'you asked for /two')).toContain('200 OK');
    const receipt = await main.wait(FrameType.Receipt, ({ response }) => response === 2);
    expect(receipt).toMatchObject({ status: 200, bytesBefore: 19, bytesAfter: 19, services: [] });
    inner.socket.end();
    await main.wait(FrameType.Close, (message) => message.sessionId === sessionId);
    main.socket.destroy();
  });
});
