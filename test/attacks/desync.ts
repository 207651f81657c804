// Requests that some origins read as two, or answer with more than one message: everything after them on the connection is out
// of step. What comes back then is the answer to another question, and must not pass for what the proxy asked.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import type { Attack } from './attack.js';
import { ask, leave, lie } from './liar.js';
import type { AttackWorld } from './world.js';

const NAME = 'victim.test';

const answer = (body: string, sent = body) =>
  [
    'HTTP/1.1 200 OK',
    'Content-Type: text/plain',
    'Cache-Control: public, max-age=600',
    `Content-Length: ${body.length}`,
    '',
    sent,
  ].join('\r\n');

/** What such an origin sends to the request of one head. */
function answerTo(head: string): string {
  const [, method, target] = /^(\S+) (\S+)/.exec(head) ?? [];
  const body = `I am ${target}\n`;
  if (method === 'HEAD') return answer(body, target?.startsWith('/echo') ? answer('I am evil\n') : '');
  if (/^x-http-method-override: head/im.test(head)) return answer('', answer('I am evil\n'));
  return answer(body);
}

/** An origin that takes the body of a request for further requests, echoes in answer to HEAD, and obeys a field of its own. */
async function carelessOrigin(world: AttackWorld, pause: number): Promise<number> {
  const { chainPem: cert, keyPem: key } = await world.issue([NAME]);
  const server = createServer({ cert, key }, (socket) => {
    let read = '';
    let answered = Promise.resolve();
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      read += bytes.toString('latin1');
      for (let end = read.indexOf('\r\n\r\n'); end >= 0; end = read.indexOf('\r\n\r\n')) {
        const head = read.slice(0, end);
        read = read.slice(end + 4);
        answered = answered
          .then(() => new Promise((resolve) => setTimeout(resolve, pause)))
          .then(() => void socket.write(answerTo(head)));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  world.onClose(() => server.close());
  return (server.address() as AddressInfo).port;
}

const hidden = (target: string) => `GET /evil HTTP/1.1\r\nHost: ${target}\r\n\r\n`;

/** What goes before the request whose answer others would get. */
const FIRST: Record<string, (target: string) => string> = {
  'a body behind a POST': (target) =>
    `POST /upload HTTP/1.1\r\nHost: ${target}\r\nContent-Length: ${hidden(target).length}\r\n\r\n${hidden(target)}`,
  'a body behind a GET': (target) =>
    `GET /other HTTP/1.1\r\nHost: ${target}\r\nContent-Length: ${hidden(target).length}\r\n\r\n${hidden(target)}`,
  'HEAD that is answered with a body': (target) => `HEAD /echo HTTP/1.1\r\nHost: ${target}\r\n\r\n`,
  'a field that some origins obey': (target) =>
    `GET /other HTTP/1.1\r\nHost: ${target}\r\nX-HTTP-Method-Override: HEAD\r\n\r\n`,
};

const attack = (pause: number): Attack => ({
  name: `requests that an origin reads as two, and answers ${pause === 0 ? 'at once' : 'late'}`,
  expected: 'bob gets what he asked for',
  async run(world) {
    const port = await carelessOrigin(world, pause);
    const proxy = await world.proxy([
      ...['--resolve', `${NAME}=127.0.0.1`, '--cache', 'memory', '--origin-ca', world.path('ca.pem')],
      ...['--log-level', 'warn'],
    ]);
    const target = `${NAME}:${port}`;
    const wrong: string[] = [];
    for (const [index, [what, first]] of Object.entries(FIRST).entries()) {
      const request = `GET /page${index} HTTP/1.1\r\nHost: ${target}\r\n\r\n`;
      const alice = await lie(proxy, target, { servername: NAME });
      await ask(alice, first(target) + request, /I am[\s\S]*I am/);
      await leave(alice);
      const bob = await lie(proxy, target, { servername: NAME, who: 'bob' });
      const got = await ask(bob, request);
      await leave(bob);
      if (!got.endsWith(`I am /page${index}\n`)) wrong.push(`${what}: bob got ${got.split('\r\n\r\n')[1]}`);
    }
    return { held: wrong.length === 0, outcome: wrong.join('; ').trim() || 'he did, each time' };
  },
});

export const desyncs: Attack[] = [attack(0), attack(100)];
