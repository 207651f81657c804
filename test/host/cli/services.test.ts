// Services of `deputy proxy`: by name, by file, with a filter and a cache, in the order that makes them work.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { proxyCommand } from '../../../host/cli/proxy.js';
import { loadServices, type ServiceOptions } from '../../../host/cli/services.js';
import { SILENT } from '../../../host/proxy/log.js';
import type { Service, StreamFlow } from '../../../host/services/service.js';
import { readUntil, startProxy } from '../proxy/bench.js';
import { answering, delegate, rawOrigin } from '../proxy/delegated.js';

let folder: string;
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deputy-services-'));
});
afterAll(() => rm(folder, { recursive: true }));

function parsed(...args: string[]): ServiceOptions {
  const command = proxyCommand()
    .exitOverride()
    .configureOutput({ writeErr() {} });
  command.action(() => {});
  return command.parse(args, { from: 'user' }).opts();
}

const load = (...args: string[]) => loadServices(parsed(...args), SILENT);
const closeAll = (services: readonly Service[]) => Promise.all(services.map((service) => service.close?.()));

/** As host/services/README.md shows it. */
const OWN_SERVICE = `
export default {
  name: 'shout',
  response({ response }) {
    if (!response.headers.get('content-type')?.startsWith('text/plain')) return;
    return { body: shout };
  },
};
async function* shout(body) {
  for await (const bytes of body) yield Buffer.from(Buffer.from(bytes).toString('latin1').toUpperCase(), 'latin1');
}
`;

describe.each([
  ["a user's service in a thread of its own", []],
  ["a user's service that is trusted with the process", ['--trust-services']],
])('%s', (_, trust) => {
  test('is loaded from its file and works on what passes', async () => {
    await writeFile(file('shout.mjs'), OWN_SERVICE);
    const services = await load(...trust, '--service', file('shout.mjs'));
    const bench = await startProxy({ services });
    const origin = await rawOrigin(
      answering('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello'),
    );
    const { stream } = await delegate(bench, origin.target);
    stream.write('GET / HTTP/1.1\r\nHost: origin.test\r\n\r\n');
    expect(await readUntil(stream, '0\r\n\r\n')).toContain('HELLO');
    await bench.close();
    await origin.close();
  });

  test('runs where the operator said', async () => {
    await writeFile(
      file('where.mjs'),
      `import { isMainThread } from 'node:worker_threads';
       export default { name: isMainThread ? 'process' : 'thread', close() {} };`,
    );
    const services = await load(...trust, '--service', file('where.mjs'));
    expect(services[0]!.name).toBe(trust.length > 0 ? 'process' : 'thread');
    await closeAll(services);
  });

  test('may be made by a function', async () => {
    await writeFile(file('made.mjs'), "export default async () => ({ name: 'made', request() {} });");
    expect((await load(...trust, '--service', file('made.mjs'))).map(({ name }) => name)).toEqual(['made']);
  });

  test.each([
    ['absent.js', undefined, 'no such file'],
    ['syntax.mjs', 'export default {', 'syntax.mjs'],
    ['throws.mjs', "throw new Error('not today');", 'not today'],
    ['nothing.mjs', 'export const service = {};', 'default export'],
    ['nameless.mjs', 'export default {};', 'no name'],
    ['unknown.mjs', "export default { name: 'x', respond() {} };", "there is no hook 'respond'"],
    ['hook.mjs', "export default { name: 'x', request: 1 };", "'request' is no function"],
  ])('%s is refused with what is wrong', async (name, text, why) => {
    if (text !== undefined) await writeFile(file(name), text);
    await expect(load(...trust, '--service', file(name))).rejects.toMatchObject({
      code: 'BAD_SERVICE',
      message: expect.stringContaining(why),
    });
  });

  test('carries a name that no other has', async () => {
    await writeFile(file('one.mjs'), "export default { name: 'transcode' };");
    await expect(load('--service', 'transcode', '--service', file('one.mjs'))).rejects.toMatchObject({
      code: 'BAD_SERVICE',
    });
  });
});

describe('filter and cache', () => {
  test('stand first and last, wherever they are named', async () => {
    await writeFile(file('list.txt'), '||ads.test^\n');
    const services = await load('--cache', 'memory', '--service', 'transcode', '--filter', file('list.txt'));
    expect(services.map(({ name }) => name)).toEqual(['filter', 'transcode', 'cache']);
    await closeAll(services);
  });

  test('a line that is wrong is told by file and number, and stops nothing', async () => {
    await writeFile(file('wrong.txt'), '||ads.test^\n%max-bytes lots\n');
    const lines: object[] = [];
    const log = { ...SILENT, warn: (fields: object) => void lines.push(fields) };
    await closeAll(await loadServices(parsed('--filter', file('wrong.txt')), log));
    expect(lines).toMatchObject([{ file: file('wrong.txt'), line: 2, text: '%max-bytes lots' }]);
    await expect(load('--filter', file('none.txt'))).rejects.toThrow('none.txt');
  });

  test('a site that is left is judged by no service', async () => {
    await writeFile(file('hosts.txt'), '0.0.0.0 ads.test left.test\n');
    const services = await load('--filter', file('hosts.txt'), '--leave', 'left.test', '--cache', 'memory');
    const [filter] = services;
    const verdict = (host: string) => filter!.stream!({ origin: { host, port: 443 } } as StreamFlow);
    expect(verdict('ads.test')).toMatchObject({ kind: 'refuse' });
    expect(verdict('left.test')).toBeUndefined();
    expect(Object.keys(filter!)).toContain('reload');
    await closeAll(services);
  });

  test('the cache takes its store and its bounds', async () => {
    const bounds = ['--cache-bytes', '64M', '--cache-entries', '100000', '--cache-object-bytes', '1M'];
    expect(parsed('--cache', 'memory', ...bounds, '--no-cache-share')).toMatchObject({
      cache: 'memory',
      cacheBytes: 64 << 20,
      cacheEntries: 100_000,
      cacheObjectBytes: 1 << 20,
      cacheShare: false,
    });
    await closeAll(await load('--cache', `disk:${file('kept')}`));
    // A Redis that is not there is no reason not to start.
    await closeAll(await load('--cache', 'redis://127.0.0.1:1'));
  });

  test.each([
    ['--cache', 'tape'],
    ['--cache', 'disk:'],
    ['--cache-bytes', 'many'],
    ['--cache-bytes', '0'],
    ['--cache-entries', '0'],
  ])('%s %s is refused', (...args) => {
    expect(() => parsed(...args)).toThrow();
  });

  test('a store that can not be used is refused, and no password is told', async () => {
    await writeFile(file('a-file'), '');
    await expect(load('--cache', `disk:${file('a-file')}`)).rejects.toMatchObject({ code: 'BAD_CACHE' });
    await expect(
      loadServices({ cache: 'redis://user:a-secret@host:99999/' }, SILENT).then(closeAll),
    ).rejects.not.toThrow('a-secret');
  });
});
