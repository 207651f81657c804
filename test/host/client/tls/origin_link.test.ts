// Roots that are replaced while the client runs: what the old ones judged resumes no more, whenever its tickets come.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../../host/cli/demo/authority/authority.js';
import { TIMEOUTS } from '../../../../host/client/options.js';
import { start } from '../../../../host/client/running.js';
import type { TlsStream } from '../../../../host/client/tls/tls_stream.js';
import { encodeUtf8 } from '../../../../host/delegation/text.js';
import { type TestOrigin, testPlatform, World } from '../world.js';

let world: World;
let origin: TestOrigin;
let newer: string;

beforeAll(async () => {
  world = await World.create();
  origin = await world.origin((_, response) => response.end('page'));
  newer = world.authority.root.pem + (await createAuthority()).root.pem;
});
afterAll(() => world.close());

async function running(hashes: boolean) {
  const { sha256, ...plain } = testPlatform();
  const platform = { ...plain, ...(hashes && sha256 && { sha256 }) };
  const { origins } = await start(
    { platform, roots: world.authority.root.pem },
    {
      ...{ observer: {}, timeouts: TIMEOUTS, allowsUndelegated: true },
      mainSession: () => Promise.reject(new Error('there is no proxy here')),
    },
  );
  world.onClose(() => origins.free());
  const open = async () => origins.open(origin, await platform.connect('127.0.0.1', origin.port));
  return { origins, open };
}

/** A whole exchange, behind which the tickets of the session have come. Whether it resumed an earlier one. */
async function exchange(stream: TlsStream): Promise<boolean> {
  const { resumed } = stream.facts();
  await stream.write(encodeUtf8(`GET / HTTP/1.1\r\nHost: ${origin.host}\r\nConnection: close\r\n\r\n`));
  while ((await stream.read()) !== undefined);
  stream.close();
  return resumed;
}

describe.each([true, false])('where the platform hashes: %s', (hashes) => {
  test('tickets serve until the roots are replaced, and those of new sessions again', async () => {
    const { origins, open } = await running(hashes);
    expect([await exchange(await open()), await exchange(await open())]).toEqual([false, true]);
    origins.replaceRoots(newer);
    expect([await exchange(await open()), await exchange(await open())]).toEqual([false, true]);
  });

  test('tickets that come behind the change serve nobody', async () => {
    const { origins, open } = await running(hashes);
    const judgedBefore = await open();
    origins.replaceRoots(newer);
    await exchange(judgedBefore);
    expect(await exchange(await open())).toBe(false);
  });
});
