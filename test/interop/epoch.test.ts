// A session delivered for an epoch: the proxy reads and writes until the client's next KeyUpdate, and real servers refuse
// whatever it tries after that.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Issued } from '../../host/cli/demo/authority/authority.js';
import { isInstalled, type Origin, startOrigin } from '../../host/cli/demo/origins.js';
import { FrameType } from '../../host/delegation/frame.js';
import type { Message } from '../../host/delegation/message.js';
import type { PolicyRule, Timeouts } from '../../host/index.js';
import { MainSession } from '../../host/proxy/main_session/main_session.js';
import { codeOf } from '../host/client/memory_transport.js';
import { Steps, type TestProxy, World } from '../host/client/world.js';

let world: World;
let proxy: TestProxy;
let issued: Issued;
const seen: string[] = [];
beforeAll(async () => {
  world = await World.create();
  proxy = await world.proxy();
  proxy.server.events.on('request', ({ url }) => seen.push(url));
  issued = await world.authority.issue({ names: ['localhost'] });
});
afterAll(() => world.close());

const files = {
  '/one': { type: 'text/plain', body: 'the first page' },
  '/two': { type: 'text/plain', body: 'the second page' },
  '/long': { type: 'text/plain', body: 'long '.repeat(400_000) },
};

function lender(rule: Partial<PolicyRule> = {}, timeouts: Partial<Timeouts> = {}) {
  const steps = new Steps();
  const client = world.through(proxy, {
    observer: steps,
    policy: { rules: [{ origin: '*', decision: 'epoch', ...rule }] },
    timeouts,
    tls: { minVersion: 0x0304 },
  });
  const get = async (url: string) => {
    const response = await client.request(url);
    let text = '';
    for await (const chunk of response.body) text += Buffer.from(chunk).toString();
    return { text, delegated: response.session.delegated, reused: steps.of('request-sent').at(-1)!.reused };
  };
  return { client, steps, get };
}

describe('nginx', () => {
  if (!isInstalled('nginx')) test.skip('all of it (nginx is not installed)', () => {});
  describe.runIf(isInstalled('nginx'))('keeps the connection', () => {
    let origin: Origin;
    const url = (path: string) => `https://localhost:${origin.port}${path}`;
    beforeAll(async () => {
      origin = await startOrigin('nginx', { certificates: [issued], version: '1.3', files });
    });
    afterAll(() => origin.stop());

    test('the client takes the session back between two requests, and goes on with it', async () => {
      const { client, steps, get } = lender();
      expect(await get(url('/one'))).toEqual({ text: 'the first page', delegated: true, reused: false });
      client.revoke('enough');
      expect(await get(url('/two'))).toEqual({ text: 'the second page', delegated: false, reused: true });
      expect(await get(url('/one'))).toEqual({ text: 'the first page', delegated: false, reused: true });
      expect(seen).toEqual(['/one']);
      expect(steps.of('returned')[0]!.message).toMatchObject({ code: 'REVOKED', clientRecords: 1 });
      await client.close();
    });

    test('an answer that is under way breaks off, and the next request decides anew', async () => {
      const { client, steps, get } = lender();
      const response = await client.request(url('/long'));
      const body = response.body[Symbol.asyncIterator]();
      await body.next();
      client.revoke('enough');
      const rest = async () => {
        while (!(await body.next()).done);
      };
      expect(await codeOf(rest)).toBe('REVOKED');
      expect(await get(url('/one'))).toEqual({ text: 'the first page', delegated: true, reused: false });
      expect(steps.of('returned')).toHaveLength(1);
      await client.close();
    });

    test('a grant that expires comes back by itself', async () => {
      const { client, steps, get } = lender({ expires: 1 });
      expect(await get(url('/one'))).toMatchObject({ delegated: true });
      await expect.poll(() => steps.of('returned').length, { timeout: 5000 }).toBe(1);
      expect(await get(url('/two'))).toEqual({ text: 'the second page', delegated: false, reused: true });
      await client.close();
    });

    test('a proxy that does not give the session back is left', async () => {
      const { client, get } = lender({}, { active: 300 });
      expect(await get(url('/one'))).toMatchObject({ delegated: true });
      const silent = silence(FrameType.Returned);
      client.revoke('enough');
      expect(await codeOf(() => get(url('/two')))).toBe('NOT_RETURNED');
      silent.mockRestore();
      await client.close();
    });

    test.each([
      ['more bytes of content than came', { originBytes: 1_000_000 }, 'NOT_RETURNED'],
      ['fewer', { originBytes: 1 }, 'HANDOVER_MISMATCH'],
      ['more records than an epoch has', { clientRecords: 2 ** 26 }, 'TLS_BAD_ARGUMENT'],
    ])('a proxy that counts wrong is left: %s', async (_, lie, code) => {
      const { client, get } = lender({}, { active: 300 });
      expect(await get(url('/one'))).toMatchObject({ delegated: true });
      const lying = silence(FrameType.Returned, lie);
      client.revoke('enough');
      expect(await codeOf(() => get(url('/two')))).toBe(code);
      lying.mockRestore();
      await client.close();
    });
  });
});

describe('an origin that changes its keys itself', () => {
  if (!isInstalled('openssl')) test.skip('all of it (openssl is not installed)', () => {});
  describe.runIf(isInstalled('openssl'))('ends the grant', () => {
    const answer = 'HTTP/1.1 200 OK\nContent-Length: 5\n\n';

    test('between two requests: the session goes on with the client', async () => {
      const server = await interactive(issued);
      const { client, steps, get } = lender();
      const first = get(`https://localhost:${server.port}/one`);
      await server.says('GET /one');
      server.type(`${answer}1st\n`);
      expect(await first).toMatchObject({ delegated: true });
      server.type('K\n');
      await expect.poll(() => steps.of('returned').length).toBe(1);
      expect(steps.of('returned')[0]!.message.code).toBe('KEY_UPDATE');
      const second = get(`https://localhost:${server.port}/two`);
      await server.says('GET /two');
      server.type(`${answer}2nd\n`);
      expect(await second).toEqual({ text: '2nd\r\n', delegated: false, reused: true });
      await client.close();
      server.stop();
    });

    test('before its answer: the client is told, and asks again', async () => {
      const server = await interactive(issued);
      const { client, get } = lender();
      const first = codeOf(() => get(`https://localhost:${server.port}/one`));
      await server.says('GET /one');
      server.type('K\n');
      expect(await first).toBe('KEY_UPDATE');
      await client.close();
      server.stop();
    });
  });
});

/** Swallows, or changes, one kind of frame on its way from the proxy. */
function silence(type: FrameType, change?: object) {
  const send = MainSession.prototype.send;
  return vi.spyOn(MainSession.prototype, 'send').mockImplementation(function (this: MainSession, message) {
    if (message.type !== type) return send.call(this, message);
    if (change !== undefined) send.call(this, { ...message, ...change } as Message);
  });
}

/** s_server with its keyboard: what it gets it prints, what is typed it sends, and K is a KeyUpdate. */
async function interactive({ chainPem, keyPem }: Issued) {
  const directory = await mkdtemp(join(tmpdir(), 'deputy-keys-'));
  const file = (name: string) => join(directory, name);
  await writeFile(file('chain.pem'), chainPem);
  await writeFile(file('key.pem'), keyPem);
  const certificate = ['-cert', file('chain.pem'), '-cert_chain', file('chain.pem'), '-key', file('key.pem')];
  const child = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', '-tls1_3', '-crlf', ...certificate]);
  let output = '';
  const waiting: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data.toString('latin1');
      for (const wake of waiting.splice(0)) wake();
    });
  }
  const says = async (text: string) => {
    while (!output.includes(text)) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  await says('ACCEPT');
  return {
    port: Number(/ACCEPT .*:(\d+)/.exec(output)![1]),
    says,
    type: (text: string) => child.stdin.write(text),
    stop: () => {
      child.kill();
      return rm(directory, { recursive: true, force: true });
    },
  };
}
