// One admitted client writes frames as fast as it can. Others are slowed to half at the most.
import { FrameType } from '../../host/delegation/frame.js';
import { encodeMessage } from '../../host/delegation/message_body.js';
import { NULL_SESSION_ID } from '../../host/delegation/session_id.js';
import { readUntil, TestMainSession } from '../host/proxy/bench.js';
import { type Delegated, delegate } from '../host/proxy/delegated.js';
import type { Attack } from './attack.js';
import { needsNginx, TOKENS } from './world.js';

const ROUNDS = 40;

/** Milliseconds for so many requests, one after the other: the middle one of some rounds, for others use this machine too. */
async function measure({ stream }: Delegated): Promise<number> {
  const times: number[] = [];
  while (times.length < 7) {
    const started = performance.now();
    for (let i = 0; i < ROUNDS; i++) {
      stream.write('GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await readUntil(stream, 'the page.');
    }
    times.push(performance.now() - started);
  }
  return times.sort((one, other) => one - other)[3] ?? 0;
}

const REVOKE = encodeMessage({
  type: FrameType.Revoke,
  sessionId: 'ab'.repeat(16),
  reason: '',
  clientBytes: 0,
});
const DENY = encodeMessage({
  type: FrameType.Deny,
  sessionId: NULL_SESSION_ID,
  requestId: 7,
  code: 'DENIED',
  reason: '',
});

export const frameFloods: Attack[] = Object.entries({ REVOKE, DENY }).map(([name, frame]) => ({
  name: `a client that writes ${name} frames at full speed`,
  expected: 'another client takes no more than twice as long',
  unable: needsNginx,
  async run(world) {
    const origin = await world.nginx({ files: { '/page': { type: 'text/plain', body: 'the page.' } } });
    const proxy = await world.proxy(['--log-level', 'warn']);
    const session = await delegate(proxy, `localhost:${origin.port}`, 'open', {
      ...{ ca: world.ca, servername: 'localhost', token: TOKENS.bob },
    });
    await measure(session);
    const before = await measure(session);
    const main = await TestMainSession.open(proxy, { token: TOKENS.alice });
    await main.wait(FrameType.Welcome);
    const { socket } = main;
    const many = Buffer.concat(Array.from({ length: 2000 }, () => frame));
    let written = 0;
    let isOver = false;
    // As much as the kernel takes: what waits here would cost this process, which measures, too.
    const flood = () => {
      if (isOver || socket.destroyed) return;
      socket.write(many, () => {
        written += 2000;
        flood();
      });
    };
    flood();
    const during = await measure(session);
    isOver = true;
    const isConnected = !socket.destroyed;
    socket.destroy();
    return {
      held: during <= 2 * before && written > 0 && isConnected && proxy.isAlive(),
      outcome: `${ROUNDS} requests took ${Math.round(before)} ms before and ${Math.round(during)} ms during ${written} frames`,
    };
  },
}));
