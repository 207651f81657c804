// Tickets over a restart: the next client goes on with the sessions of the last one where the same roots judge, and nowhere else.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../../host/cli/demo/authority/authority.js';
import { type DeputyClientOptions, ticketFile } from '../../host/index.js';
import { Steps, type TestOrigin, type TestProxy, World } from '../host/client/world.js';

let world: World;
let proxy: TestProxy;
let origin: TestOrigin;
let folder: string;
let count = 0;

beforeAll(async () => {
  world = await World.create();
  proxy = await world.proxy();
  origin = await world.origin((_, response) => response.end('page'));
  folder = await mkdtemp(join(tmpdir(), 'deputy-restart-'));
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

const newFile = () => join(folder, `tickets-${++count}`);

/** A client's whole life: which of its handshakes resumed an earlier session. */
async function life(
  file: string,
  {
    at = proxy,
    revokes = false,
    ...options
  }: Partial<DeputyClientOptions> & { at?: TestProxy; revokes?: boolean } = {},
) {
  const steps = new Steps();
  const client = world.through(at, { ticketStorage: ticketFile(file), observer: steps, ...options });
  const response = await client.request(`${origin.url}/`);
  for await (const _ of response.body);
  if (revokes) client.revoke('no more', { host: origin.host, port: origin.port });
  await client.close();
  return {
    main: steps.of('main-session-open').map(({ tls }) => tls.resumed),
    origin: steps.of('origin-verified').map(({ tls }) => tls.resumed),
  };
}

const NEW = { main: [false], origin: [false] };
const RESUMED = { main: [true], origin: [true] };

describe('a client that keeps its tickets in a file', () => {
  test('resumes with proxy and origin when it starts again, and once more', async () => {
    const file = newFile();
    expect(await life(file)).toEqual(NEW);
    expect(await life(file)).toEqual(RESUMED);
    expect(await life(file)).toEqual(RESUMED);
  });

  test('without a proxy resumes with the origin', async () => {
    const file = newFile();
    const direct = async () => {
      const client = world.client({ ticketStorage: ticketFile(file) });
      const response = await client.request(`${origin.url}/`);
      for await (const _ of response.body);
      await client.close();
      return response.session.tls.resumed;
    };
    expect([await direct(), await direct()]).toEqual([false, true]);
  });

  test('resumes nothing that other roots judged', async () => {
    const file = newFile();
    await life(file);
    const other = await createAuthority();
    expect(await life(file, { roots: world.authority.root.pem + other.root.pem })).toEqual({
      main: [true],
      origin: [false],
    });
    const distrusting = life(file, { roots: other.root.pem });
    await expect(distrusting).rejects.toMatchObject({ code: 'TLS_UNKNOWN_CA' });
    const strangers = { host: 'localhost', port: proxy.port, roots: other.root.pem, token: 'x' };
    await expect(life(file, { proxy: strangers })).rejects.toMatchObject({ code: 'TLS_UNKNOWN_CA' });
  });

  test('resumes no session with an origin behind a proxy that never saw it', async () => {
    const file = newFile();
    await life(file);
    expect(await life(file, { at: await world.proxy() })).toEqual(NEW);
  });

  test('forgets the origin whose grant it takes back', async () => {
    const file = newFile();
    await life(file, { revokes: true });
    expect(await life(file)).toEqual({ main: [true], origin: [false] });
  });

  test('begins anew where the file is damaged', async () => {
    const file = newFile();
    await life(file);
    await writeFile(file, 'not what was written', { mode: 0o600 });
    expect(await life(file)).toEqual(NEW);
    expect(await life(file)).toEqual(RESUMED);
  });
});
