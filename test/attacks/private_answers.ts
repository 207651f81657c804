// One token may stand for several people: what an origin gave to one of them is not for the others.
import type { Attack } from './attack.js';
import { ask, leave, lie } from './liar.js';
import { needsNginx } from './world.js';

const NAME = 'shop.test';

/** What two requests of one client differ in. */
const CREDENTIALS: Record<string, readonly [string, string]> = {
  'two cookies': ['Cookie: user=1', 'Cookie: user=2'],
  'a cookie and none': ['Cookie: user=1', 'Accept: */*'],
  'the same cookie in another order': ['Cookie: a=1\r\nCookie: b=2', 'Cookie: b=2\r\nCookie: a=1'],
  'two keys in a field of its own': ['X-Api-Key: 1', 'X-Api-Key: 2'],
  'two passwords': ['Authorization: Basic QTox', 'Authorization: Basic Qjox'],
};

export const privateAnswers: Attack[] = [
  {
    name: 'a private answer asked for with other credentials of the same token',
    expected: 'each is asked of the origin',
    unable: needsNginx,
    async run(world) {
      const says = 'return 200 "$http_cookie $http_authorization $http_x_api_key $request_id\\n";';
      const headers = 'add_header Cache-Control "private, max-age=600"; default_type text/plain;';
      const origin = await world.nginx({ names: [NAME], more: [`location / { ${headers} ${says} }`] });
      const proxy = await world.proxy([
        ...['--resolve', `${NAME}=127.0.0.1`, '--cache', 'memory', '--origin-ca', world.path('ca.pem')],
        ...['--log-level', 'warn'],
      ]);
      const target = `${NAME}:${origin.port}`;
      const session = await lie(proxy, target, { servername: NAME });
      const shared: string[] = [];
      for (const [index, [what, pair]] of Object.entries(CREDENTIALS).entries()) {
        const bodies: string[] = [];
        for (const line of pair) {
          const request = `GET /${index} HTTP/1.1\r\nHost: ${target}\r\n${line}\r\n\r\n`;
          bodies.push((await ask(session, request)).split('\r\n\r\n')[1] ?? '');
        }
        if (bodies[0] === bodies[1] || bodies.includes('')) shared.push(what);
      }
      await leave(session);
      return { held: shared.length === 0, outcome: shared.join(', ') || 'all were apart' };
    },
  },
];
