// A body that ends with its connection is cut by the proxy's own doing. No half may pass for the whole.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Attack } from './attack.js';
import { type AttackWorld, needsNginx, type ProxyProcess } from './world.js';

const FIRST = 'the first half, ';
const SECOND = 'and the second.';

/** An nginx origin whose answer has no length: half of it comes at once, the rest when `rest` is called. */
async function halfAnswer(world: AttackWorld, version: '1.2' | '1.3') {
  let rest = () => {};
  const source = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(`HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n${FIRST}`);
      rest = () => socket.end(SECOND);
    });
  }).listen(0, '127.0.0.1');
  await once(source, 'listening');
  world.onClose(() => source.close());
  const address = source.address();
  if (address === null || typeof address === 'string') throw new Error('the source has no port');
  const pass = `proxy_pass http://127.0.0.1:${address.port}; proxy_buffering off; chunked_transfer_encoding off;`;
  const origin = await world.nginx({ version, more: [`location / { ${pass} }`] });
  return { url: `https://localhost:${origin.port}/`, rest: () => rest() };
}

/** Presses the End button of the only session. */
async function pressEnd({ command }: ProxyProcess): Promise<void> {
  const { admin } = JSON.parse(command.stdout);
  const { origin } = new URL(admin);
  const entered = await fetch(admin, { redirect: 'manual' });
  const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? '';
  const live = await fetch(`${origin}/live`, { headers: { cookie } });
  if (live.body === null) throw new Error('the page shows nothing');
  const reader = live.body.pipeThrough(new TextDecoderStream()).getReader();
  let shown = '';
  while (!shown.includes('\n\n')) shown += (await reader.read()).value ?? '';
  void reader.cancel();
  const id = /"id":"(\w+)"/.exec(shown)?.[1];
  const { status } = await fetch(`${origin}/sessions/${id}/end`, {
    method: 'POST',
    headers: { cookie, origin },
  });
  if (status !== 204) throw new Error(`the End button answers ${status}`);
}

/** What such an error ends with. A socket that the kernel resets, for its process is gone, is CONNECTION_FAILED. */
const CODE = /\((STOPPING|ENDED|EXPIRED|GRANT_EXPIRED|REVOKED|TLS_TRUNCATED|CONNECTION_FAILED)\)$/m;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Cut {
  proxy?: string[];
  client?: string[];
  act(proxy: ProxyProcess): void | Promise<void>;
}

const cuts: Record<string, Cut> = {
  'SIGTERM and --grace 1': {
    proxy: ['--grace', '1'],
    act: ({ command }) => void command.child.kill('SIGTERM'),
  },
  'a second SIGTERM': {
    proxy: ['--grace', '20'],
    async act({ command }) {
      command.child.kill('SIGTERM');
      await pause(200);
      command.child.kill('SIGTERM');
    },
  },
  'kill -9': { act: ({ command }) => void command.child.kill('SIGKILL') },
  'the End button': { proxy: ['--admin', '127.0.0.1:0'], act: pressEnd },
  '--expires 2': { client: ['--expires', '2'], act: () => {} },
};

export const cutAnswers: Attack[] = [
  ...(['1.2', '1.3'] as const).flatMap((version) =>
    Object.entries(cuts).map(
      ([how, cut]): Attack => ({
        name: `an answer without a length, cut by ${how}, TLS ${version}`,
        expected: 'an exit status above 0 and an error that says why',
        unable: needsNginx,
        async run(world) {
          const { url } = await halfAnswer(world, version);
          const proxy = await world.proxy(['--log-level', 'warn', ...(cut.proxy ?? [])]);
          const { command, ran } = world.getting(proxy, url, cut.client);
          await command.says(/first half/);
          await cut.act(proxy);
          const { status, stdout, stderr } = await ran;
          const held = status > 0 && stdout === FIRST && CODE.test(stderr);
          return { held, outcome: `exit ${status}: ${stderr.trim() || 'no error'}` };
        },
      }),
    ),
  ),
  {
    name: 'an answer without a length that nobody cuts',
    expected: 'the whole of it, exit status 0',
    unable: needsNginx,
    async run(world) {
      const { url, rest } = await halfAnswer(world, '1.3');
      const proxy = await world.proxy(['--log-level', 'warn']);
      const { command, ran } = world.getting(proxy, url);
      await command.says(/first half/);
      rest();
      const { status, stdout } = await ran;
      return { held: status === 0 && stdout === FIRST + SECOND, outcome: `exit ${status}: ${stdout}` };
    },
  },
];
