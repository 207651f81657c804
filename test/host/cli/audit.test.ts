// `deputy audit`, on the log of a proxy that `deputy get` went through.
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { audit } from '../../../host/services/audit/index.js';
import { transcode } from '../../../host/services/transcode/index.js';
import { buildCommand, deputy } from '../../interop/command.js';
import { TOKEN, World } from '../client/world.js';

let world: World;
let folder: string;
let log: string;
let receipts: string;
let port: number;

beforeAll(async () => {
  buildCommand();
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-audit-'));
  log = join(folder, 'audit.log');
  receipts = join(folder, 'receipts');
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, world.authority.root.pem);
  const origin = await world.origin((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' });
    response.end('<html><body><script>no()</script><p>The page.</p></body></html>');
  });
  port = origin.port;
  const service = await audit({ file: log, required: true, rotateBytes: 2000 });
  const proxy = await world.proxy({ services: [service, transcode()] });
  const flags = ['--proxy', `localhost:${proxy.port}`, '--proxy-ca', ca, '--ca', ca, '--token', TOKEN];
  for (const path of ['/one?secret=1', '/two']) {
    const got = await deputy(['get', origin.url + path, ...flags, '--engine', 'v8', '--receipts', receipts]);
    expect(got).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('The page.') });
  }
}, 60_000);
afterAll(async () => {
  await world?.close();
  await rm(folder, { recursive: true, force: true });
});

test('get keeps a receipt of each response', async () => {
  const lines = (await readFile(receipts, 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { origin: `localhost:${port}`, response: 1, status: 200, services: ['transcode'], entry: 3 },
    { origin: `localhost:${port}`, response: 1, status: 200, services: ['transcode'] },
  ]);
});

describe('deputy audit verify', () => {
  test('praises the log, its older parts with it, and the receipts that fit', async () => {
    expect(await deputy(['audit', 'verify', log, '--receipts', receipts])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^valid: \d entries, head [0-9a-f]{64}\n2 receipts fit\n$/),
    });
    const { status, stdout } = await deputy(['audit', 'verify', log, '--receipts', receipts, '--json']);
    expect({ status, verdict: JSON.parse(stdout) }).toMatchObject({
      status: 0,
      verdict: { valid: true, endKnown: true, lost: 0, receipts: { checked: 2 } },
    });
  });

  test('names the line that was changed', async () => {
    const copy = join(folder, 'changed');
    const text = await readFile(`${log}.1`, 'utf8');
    await writeFile(copy, text.replace('"status":200', '"status":500'));
    const { status, stdout } = await deputy(['audit', 'verify', copy]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^not valid: .*changed, line 4: entry 4 does not bear the hash/);
    // The receipt speaks of the very entry.
    const { stdout: known } = await deputy(['audit', 'verify', copy, '--receipts', receipts]);
    expect(known).toMatch(/line 3: entry 3 is another one/);
  });

  test('says what to do about it', async () => {
    const copy = join(folder, 'cut');
    await writeFile(copy, (await readFile(`${log}.1`, 'utf8')).replace(/^.*\n/, '').replace(/\n.*\n/, '\n'));
    const { stdout } = await deputy(['audit', 'verify', copy, '--receipts', receipts]);
    expect(stdout).toMatch(/^not valid: .*\nWhat stands before that line is as it was written\./);
  });

  test('finds receipts in the logs of several workers', async () => {
    const other = join(folder, 'other.log');
    const service = await audit({ file: other, required: true });
    const proxy = await world.proxy({ services: [service] });
    const ca = join(folder, 'ca.pem');
    const flags = ['--proxy', `localhost:${proxy.port}`, '--proxy-ca', ca, '--ca', ca, '--token', TOKEN];
    const both = join(folder, 'both');
    await writeFile(both, await readFile(receipts));
    const url = `https://localhost:${port}/three`;
    expect(await deputy(['get', url, ...flags, '--receipts', both])).toMatchObject({ status: 0 });

    const judged = await deputy(['audit', 'verify', log, other, '--receipts', both]);
    expect(judged).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^\S+audit.log: valid: .*\n2 receipts fit\n\S+other.log: valid: .*\n1 receipts fit\n$/,
      ),
    });
    // One that is left out is missed.
    const missed = await deputy(['audit', 'verify', log, log, '--receipts', both]);
    expect(missed).toMatchObject({ status: 1, stdout: expect.stringMatching(/which is none of these/) });
    const told = await deputy(['audit', 'verify', log, other, '--receipts', both, '--json']);
    expect(JSON.parse(told.stdout)).toMatchObject({
      valid: true,
      logs: [{ receipts: { checked: 2 } }, { receipts: { checked: 1 } }],
      unknownReceipts: 0,
    });
    // Each is still held against its own.
    const text = await readFile(other, 'utf8');
    await writeFile(other, text.replace(/"bytes":\d+/g, '"bytes":1'));
    const changed = await deputy(['audit', 'verify', log, other, '--receipts', both]);
    expect(changed).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/not valid: \S+other.log, line/),
    });
  });

  test('reads what workers and nodes wrote beside the plain name, and older files where they have moved', async () => {
    const plain = join(folder, 'several.log');
    for (const suffix of ['-1', '-2', '-node-b-1']) {
      const service = await audit({ file: plain + suffix, rotateBytes: 1 });
      const session = {
        sessionId: 'ab'.repeat(16),
        client: 'c',
        origin: { host: 'o', port: 443, serverName: 'o', certificate: '', verified: true },
      } as unknown as Parameters<NonNullable<typeof service.journal>>[1];
      for (let i = 0; i < 3; i++) await service.journal?.({ kind: 'closed', code: 'CLOSED' }, session);
      await service.close?.();
    }
    const { status, stdout } = await deputy(['audit', 'verify', plain, '--json']);
    expect({ status, logs: JSON.parse(stdout).logs }).toMatchObject({
      status: 0,
      logs: [
        { valid: true, entries: 3 },
        { valid: true, entries: 3 },
        { valid: true, entries: 3 },
      ],
    });
    const archive = join(folder, 'archive');
    await mkdir(archive);
    await rename(`${plain}-2.1`, join(archive, 'several.log-2.1'));
    expect(await deputy(['audit', 'verify', plain])).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/several\.log-2\.2, line 1: the log begins at entry 2/),
    });
    expect(await deputy(['audit', 'verify', plain, '--older', archive])).toMatchObject({ status: 0 });
  });

  test.each([[['no-such-file']], [['README.md', '--receipts', 'README.md']], [[]]])(
    'exits with 2 where it can judge nothing: %j',
    async (args) => {
      const { status, stderr } = await deputy(['audit', 'verify', ...args]);
      expect({ status, said: stderr !== '' }).toEqual({ status: 2, said: true });
    },
  );
});

test('deputy audit show tells each entry in a line', async () => {
  const { stdout, status } = await deputy(['audit', 'show', log]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^1 \S+ \w{8} opened token:tests admits the proxy to localhost:\d+, grant session/m);
  expect(stdout).toMatch(/^3 \S+ \w{8} response 200 GET \S+\/one\?secret=\* \d+ to \d+ bytes by transcode$/m);
});

describe('deputy audit har', () => {
  const text = { type: 'string' };
  const integer = { type: 'integer' };
  const time = { type: 'number', minimum: 0 };
  const object = (required: string[], properties: object) => ({ type: 'object', required, properties });
  const pairs = { type: 'array', items: object(['name', 'value'], { name: text, value: text }) };
  const message = {
    httpVersion: text,
    cookies: { type: 'array' },
    headers: pairs,
    headersSize: integer,
    bodySize: integer,
  };
  const all = ['httpVersion', 'cookies', 'headers', 'headersSize', 'bodySize'];
  /** What HAR 1.2 demands of each object. */
  const schema = object(['log'], {
    log: object(['version', 'creator', 'entries'], {
      version: { const: '1.2' },
      creator: object(['name', 'version'], { name: text, version: text }),
      entries: {
        type: 'array',
        items: object(['startedDateTime', 'time', 'request', 'response', 'cache', 'timings'], {
          startedDateTime: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d+Z$' },
          time,
          request: object([...all, 'method', 'url', 'queryString'], {
            ...message,
            method: text,
            url: text,
            queryString: pairs,
          }),
          response: object([...all, 'status', 'statusText', 'content', 'redirectURL'], {
            ...message,
            status: integer,
            statusText: text,
            redirectURL: text,
            content: object(['size', 'mimeType'], { size: integer, mimeType: text }),
          }),
          cache: { type: 'object' },
          timings: object(['send', 'wait', 'receive'], { send: time, wait: time, receive: time }),
        }),
      },
    }),
  });

  test('writes HAR 1.2', async () => {
    const file = join(folder, 'out.har');
    expect(await deputy(['audit', 'har', log, '-o', file])).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
    const document = JSON.parse(await readFile(file, 'utf8'));
    const ajv = new Ajv({ strict: false });
    expect(ajv.validate(schema, document), ajv.errorsText()).toBe(true);
    expect(document.log.entries).toHaveLength(2);
    const [{ request, response, _changedBy }] = document.log.entries;
    expect(request).toMatchObject({ method: 'GET', queryString: [{ name: 'secret', value: '*' }] });
    expect(request.url).toMatch(/^https:\/\/localhost:\d+\/one\?secret=\*$/);
    expect(response).toMatchObject({ status: 200, content: { mimeType: 'text/html; charset=utf-8' } });
    expect(_changedBy).toEqual(['transcode']);
    expect((await deputy(['audit', 'har', log])).stdout).toBe(await readFile(file, 'utf8'));
  });
});
