// What must never be found: session secrets in anything that the client tells, and anything secret in the memory of
// the device program once a session is over.
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Tracer } from '../../../host/cli/trace/tracer.js';
import type { Observer } from '../../../host/client/observer.js';
import type { Program } from '../../../host/engine/program.js';
import { loadV8 } from '../../../host/engine/v8.js';
import { codeOf } from './memory_transport.js';
import { ScriptedProxy } from './scripted_proxy.js';
import { clientWasm, Steps, TOKEN, testPlatform, World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.close());

/** The halves of a secret: a key block is cut into keys, and one of them alone would be too much. */
const parts = (secret: Uint8Array) =>
  [0, 16, 32, secret.length - 16].map((at) => Buffer.from(secret.subarray(at, at + 16)));

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('the secret of a session of %s', (version) => {
  const deliver = async (observer: Observer, program?: Program) => {
    const origin = await world.origin((_, response) => response.end('ok'), {
      minVersion: version,
      maxVersion: version,
    });
    const proxy = await ScriptedProxy.start(world);
    const client = world.through(proxy, {
      observer,
      timeouts: { active: 150 },
      ...(program && { platform: testPlatform({ loadProgram: async () => program }) }),
    });
    const failure = await client.fetch(origin.url).catch((error: Error) => error);
    const secret = proxy.deliveries[0]!.secrets;
    expect(secret.length).toBeGreaterThanOrEqual(40);
    return { client, secret, failure: failure as Error };
  };

  test('stands in no step, trace or error', async () => {
    const steps = new Steps();
    let trace = '';
    const tracer = new Tracer((text) => {
      trace += text;
    });
    const wire: Uint8Array[] = [];
    const { secret, failure } = await deliver({
      onStep(step) {
        steps.onStep(step);
        tracer.onStep(step);
      },
      onWire(link, direction, bytes) {
        wire.push(bytes.slice());
        tracer.onWire(link, direction, bytes);
      },
    });
    expect(trace).toContain(`${secret.length} bytes, not shown`);
    const told = JSON.stringify([steps.all, failure, String(failure), failure.stack]);
    const masked = Buffer.from(steps.of('delivered')[0]!.delivery.maskedFrame);
    for (const part of parts(secret)) {
      expect(trace.replaceAll(/\s/g, '')).not.toContain(part.toString('hex'));
      expect(told).not.toContain(part.toString('hex'));
      expect(told).not.toContain([...part].join(','));
      expect(masked.includes(part)).toBe(false);
      expect(Buffer.concat(wire).includes(part)).toBe(false);
    }
    expect(told).not.toContain(TOKEN);
    expect(trace).not.toContain(TOKEN);
  });

  test('is gone from the memory of the device program when the session is', async () => {
    const program = await loadV8(await readFile(clientWasm));
    const { client, secret } = await deliver({}, program);
    await client.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const memory = Buffer.from(program.memory());
    for (const part of parts(secret)) expect(memory.includes(part)).toBe(false);
    expect(memory.includes(Buffer.from(TOKEN))).toBe(false);
  });
});

test('the private key of the device is gone when its session is', async () => {
  const issued = await world.authority.issue({ names: ['device 7'], isClient: true });
  const origin = await world.origin((_, response) => response.end('ok'), {
    requestCert: true,
    ca: world.authority.root.pem,
  });
  const program = await loadV8(await readFile(clientWasm));
  const client = world.client({
    identity: { certificate: issued.chainPem, key: issued.keyPem },
    platform: testPlatform({ loadProgram: async () => program }),
  });
  expect(await codeOf(async () => (await client.fetch(origin.url)).text())).toBe('no error');
  await client.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const scalar = Buffer.from(issued.key.export({ format: 'jwk' }).d!, 'base64url');
  expect(Buffer.from(program.memory()).includes(scalar)).toBe(false);
});
