// What a proxy that is audited writes down, and that it ends what it can't write down where it has to.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrameType } from '../../../../host/delegation/frame.js';
import { type AuditOptions, audit } from '../../../../host/services/audit/index.js';
import { allowedHeaders, loggedUrl } from '../../../../host/services/audit/redaction.js';
import { verify } from '../../../../host/services/audit/verify.js';
import { HeaderList, type Service } from '../../../../host/services/service.js';
import { type Bench, readUntil, startProxy } from '../../proxy/bench.js';
import { answering, delegate, type RawOrigin, rawOrigin } from '../../proxy/delegated.js';

let folder: string;
const open: { close(): Promise<unknown> }[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deputy-audit-'));
});
afterAll(async () => {
  for (const each of open) await each.close();
  await rm(folder, { recursive: true });
});

const ANSWER =
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nSet-Cookie: id=SECRET-cookie\r\nContent-Length: 5\r\n\r\nhello';
const REQUEST =
  'POST /path?q=SECRET-query HTTP/1.1\r\nHost: origin.test\r\nAuthorization: Bearer SECRET-token\r\n' +
  'Cookie: id=SECRET-cookie\r\nX-Other: SECRET-other\r\nContent-Length: 11\r\n\r\nSECRET-body';

const shout: Service = {
  name: 'shout',
  request: ({ request }) => ({ kind: 'change', headers: request.headers.append('X-By', 'shout') }),
  response: () => ({
    async *body(body) {
      for await (const bytes of body) yield Buffer.from(Buffer.from(bytes).toString().toUpperCase());
      yield Buffer.from('!');
    },
  }),
};

async function audited(
  options: Partial<AuditOptions> = {},
  services: Service[] = [],
  handler: Parameters<typeof rawOrigin>[0] = answering(ANSWER),
): Promise<{ bench: Bench; origin: RawOrigin; file: string; close: () => Promise<unknown> }> {
  const file = options.file ?? join(folder, `log-${open.length}`);
  const bench = await startProxy({ services: [await audit({ file, ...options }), ...services] });
  const origin = await rawOrigin(handler);
  open.push(bench, origin);
  return { bench, origin, file, close: () => bench.close() };
}

const entriesOf = async (file: string) =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('an audited session', () => {
  test('leaves what was requested and what was changed, and no secret', async () => {
    const { bench, origin, file, close } = await audited({}, [shout]);
    const { stream, main, sessionId } = await delegate(bench, origin.target);
    stream.write(REQUEST);
    await readUntil(stream, '0\r\n\r\n');
    const receipt = await main.wait(FrameType.Receipt);
    stream.end();
    await main.wait(FrameType.Close);
    await close();

    const entries = await entriesOf(file);
    expect(entries.map(({ kind }) => kind)).toEqual(['opened', 'request', 'response', 'closed']);
    const [opened, request, response, closed] = entries;
    expect(opened).toMatchObject({
      client: 'token:test',
      session: sessionId,
      grant: 'session',
      leg: 'open',
      tls: 0x0304,
      origin: { host: '127.0.0.1', port: origin.port, serverName: 'origin.test' },
    });
    expect(opened.origin.certificate).toMatch(/^[0-9a-f]{64}$/);
    const url = `https://127.0.0.1:${origin.port}/path?q=*`;
    expect(request).toMatchObject({ number: 1, method: 'POST', url });
    expect(request.headers).toEqual([
      ['host', 'origin.test'],
      ['content-length', '11'],
    ]);
    const body = { bytes: 11, sha256: sha256('SECRET-body') };
    expect(response).toMatchObject({
      number: 1,
      status: 200,
      url,
      requestChangedBy: ['shout'],
      changedBy: ['shout'],
      requestContent: [body, body],
      responseContent: [
        { bytes: 5, sha256: sha256('hello') },
        { bytes: 6, sha256: sha256('HELLO!') },
      ],
      whole: true,
    });
    expect(closed).toMatchObject({ code: 'CLOSED' });
    expect(await readFile(file, 'utf8')).not.toContain('SECRET');

    expect(receipt.entry).toBe(3);
    const head = Buffer.from(receipt.head).toString('hex');
    const log = Buffer.from(receipt.log).toString('hex');
    const kept = {
      ...receipt,
      session: sessionId,
      log,
      head,
      hash: head,
      proxy: '',
      origin: '',
      services: [],
    };
    expect(await verify([file], [kept])).toMatchObject({ valid: true, receipts: { checked: 1 } });
  });

  test('leaves what of an answer came before it broke off', async () => {
    const { bench, origin, file, close } = await audited({}, [], (socket) =>
      socket.on('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
        setTimeout(() => socket.destroy(), 20);
      }),
    );
    const { stream, main } = await delegate(bench, origin.target);
    stream.write('GET / HTTP/1.1\r\nHost: origin.test\r\n\r\n');
    const { code } = await main.wait(FrameType.Error);
    await close();
    const entries = await entriesOf(file);
    expect(entries[2]).toMatchObject({ kind: 'response', whole: false, status: 200 });
    expect(entries[2].responseContent[1]).toEqual({ bytes: 4, sha256: sha256('half') });
    expect(entries[3]).toMatchObject({ kind: 'closed', code });
  });

  test('logs what it is told to besides, and never what opens doors', async () => {
    await expect(audit({ file: join(folder, 'x'), headers: ['Cookie'] })).rejects.toMatchObject({
      code: 'AUDIT_SECRET',
    });
    const { bench, origin, file, close } = await audited({ headers: ['X-Other'], query: true });
    const { stream } = await delegate(bench, origin.target);
    stream.write('GET /?a=b HTTP/1.1\r\nHost: origin.test\r\nX-Other: seen\r\n\r\n');
    await readUntil(stream, 'hello');
    await close();
    const request = (await entriesOf(file)).find(({ kind }) => kind === 'request');
    expect(request.headers).toContainEqual(['x-other', 'seen']);
    expect(request.url).toMatch(/\?a=b$/);
  });
});

describe('a log that takes nothing', () => {
  const GET = 'GET /unlogged HTTP/1.1\r\nHost: origin.test\r\n\r\n';

  test('ends sessions where it is required, before they are active', async () => {
    const { bench, origin } = await audited({ file: '/dev/full', required: true });
    await expect(delegate(bench, origin.target)).rejects.toThrow('AUDIT_FAILED');
  });

  test('lets no request out where it is required and fails later', async () => {
    let fails = false;
    const log: Service = {
      name: 'log',
      required: true,
      journal: async () => {
        if (fails) throw new Error('the disk is full');
        return undefined;
      },
    };
    const bench = await startProxy({ services: [log] });
    const origin = await rawOrigin(answering(ANSWER));
    open.push(bench, origin);
    const { stream, main } = await delegate(bench, origin.target);
    stream.write(GET.replace('unlogged', 'logged'));
    await readUntil(stream, 'hello');
    fails = true;
    stream.write(GET);
    expect(await main.wait(FrameType.Error)).toMatchObject({ code: 'AUDIT_FAILED' });
    expect(origin.received[0]!.toString()).not.toContain('unlogged');
  });

  test('is waited for as long as services may take, and no longer', async () => {
    const log: Service = { name: 'log', required: true, journal: () => new Promise(() => {}) };
    const bench = await startProxy({ services: [log], limits: { serviceTimeout: 100 } });
    const origin = await rawOrigin(answering(ANSWER));
    open.push(bench, origin);
    await expect(delegate(bench, origin.target)).rejects.toThrow('AUDIT_FAILED');
  });

  test('is spoken of loudly where it is not required, and the session goes on', async () => {
    const errors: string[] = [];
    const nothing = () => {};
    const error = (_: object, message: string) => errors.push(message);
    const bench = await startProxy({
      services: [await audit({ file: '/dev/full' })],
      log: { debug: nothing, info: nothing, warn: nothing, error },
    });
    const origin = await rawOrigin(answering(ANSWER));
    open.push(bench, origin);
    const { stream, main } = await delegate(bench, origin.target);
    stream.write(GET);
    expect(await readUntil(stream, 'hello')).toBe(ANSWER);
    expect(await main.wait(FrameType.Receipt)).toMatchObject({ entry: 0 });
    expect(errors).toContain('NOT RECORDED: the session goes on without its record');
  });
});

describe('redaction', () => {
  test.each([
    ['https://a.example/x?token=1&b', 'https://a.example/x?token=*&*'],
    ['https://user:pass@a.example/x#frag', 'https://a.example/x'],
    ['/only/a/path?a=1', '/only/a/path?a=*'],
    ['https://a.example/x?', 'https://a.example/x?'],
    ['*', '*'],
  ])('of %s', (url, logged) => {
    expect(loggedUrl(url, false)).toBe(logged);
  });

  test('holds for names in any case, for what is not named, and for long values', () => {
    const headers = new HeaderList([
      ['HOST', 'a'],
      ['AUTHORIZATION', 'b'],
      ['X-Api-Key', 'c'],
      ['Server', 'd'.repeat(1000)],
    ]);
    const kept = allowedHeaders(headers, new Set(['host', 'authorization', 'x-api-key', 'server']));
    expect(kept.map(([name]) => name)).toEqual(['host', 'server']);
    expect(kept[1]![1].length).toBeLessThan(300);
  });
});
