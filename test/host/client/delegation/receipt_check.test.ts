// The proxy's receipts against what came: each lie that a client can find, and what becomes of the session.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReceiptCheck } from '../../../../host/client/delegation/receipt_check.js';
import { FrameType } from '../../../../host/delegation/frame.js';
import type { Receipt } from '../../../../host/delegation/message.js';
import type { Service } from '../../../../host/services/service.js';
import { Steps, testPlatform, World } from '../world.js';

const receipt = (response: number, hash: Uint8Array, entry = 0): Receipt => ({
  type: FrameType.Receipt,
  sessionId: 'ab'.repeat(16),
  response,
  status: 200,
  bytesBefore: 1,
  verified: true,
  bytesAfter: 1,
  services: [],
  hash,
  entry,
  log: new Uint8Array(16),
  head: new Uint8Array(32),
});

/** The hashes of a proxy that tells the truth about these bodies. */
function hashesOf(...bodies: string[]): Uint8Array[] {
  let previous: Uint8Array = new Uint8Array(32);
  return bodies.map((body) => {
    previous = createHash('sha256').update(previous).update(body).digest();
    return previous;
  });
}

function checking() {
  const faults: string[] = [];
  const check = new ReceiptCheck(testPlatform(), (reason) => faults.push(reason));
  const body = (text: string) => {
    const each = check.body();
    each?.update(Buffer.from(text));
    each?.end();
  };
  return { check, body, faults };
}

describe('receipts', () => {
  test('that tell the truth fit, whichever comes first', () => {
    const { check, body, faults } = checking();
    const hashes = hashesOf('one', '', 'three');
    body('one');
    check.onReceipt(receipt(1, hashes[0]!, 3));
    check.onReceipt(receipt(2, hashes[1]!, 5));
    body('');
    body('three');
    check.onReceipt(receipt(3, hashes[2]!));
    expect(faults).toEqual([]);
  });

  test.each<[string, (it: ReturnType<typeof checking>, hashes: Uint8Array[]) => void, RegExp]>([
    [
      'of another body',
      ({ check, body }, hashes) => {
        body('other');
        check.onReceipt(receipt(1, hashes[0]!));
      },
      /response 1 is not what/,
    ],
    [
      'of another body, before it came',
      ({ check, body }, hashes) => {
        check.onReceipt(receipt(1, hashes[0]!));
        body('other');
      },
      /response 1 is not what/,
    ],
    [
      'that leaves one out',
      ({ check }, hashes) => {
        check.onReceipt(receipt(1, hashes[0]!));
        check.onReceipt(receipt(3, hashes[2]!));
      },
      /receipt 3 came in the place/,
    ],
    [
      'that comes twice',
      ({ check }, hashes) => {
        check.onReceipt(receipt(1, hashes[0]!));
        check.onReceipt(receipt(1, hashes[0]!));
      },
      /receipt 1 came in the place/,
    ],
    [
      'of a log that went back',
      ({ check }, hashes) => {
        check.onReceipt(receipt(1, hashes[0]!, 7));
        check.onReceipt(receipt(2, hashes[1]!, 7));
      },
      /entry 7 .* after entry 7/,
    ],
  ])('%s is found', (_, tell, why) => {
    const it = checking();
    tell(it, hashesOf('one', 'two', 'three'));
    expect(it.faults).toEqual([expect.stringMatching(why)]);
  });

  test('of what follows a body that was left are not judged', () => {
    const { check, body, faults } = checking();
    check.body()?.update(Buffer.from('half'));
    body('next');
    check.onReceipt(receipt(1, new Uint8Array(32)));
    check.onReceipt(receipt(2, new Uint8Array(32)));
    expect(faults).toEqual([]);
  });
});

describe('a client', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
  });
  afterAll(() => world.close());

  test('finds that what it gets is what the receipts say, response after response', async () => {
    const origin = await world.origin((request, response) => response.end(`you asked for ${request.url}`));
    const steps = new Steps();
    const client = world.through(await world.proxy(), { observer: steps });
    for (const path of ['/one', '/two', '/three']) await (await client.fetch(origin.url + path)).text();
    while (steps.of('receipt').length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(steps.of('receipt-fault')).toEqual([]);
    await client.close();
  });

  test('takes its grant back from a proxy whose log goes back', async () => {
    let entry = 9;
    const record: Service['record'] = async () => ({
      log: new Uint8Array(16),
      entry: entry--,
      head: new Uint8Array(32),
    });
    const origin = await world.origin((_, response) => response.end('content'));
    const steps = new Steps();
    const client = world.through(await world.proxy({ services: [{ name: 'log', record }] }), {
      observer: steps,
    });
    await (await client.fetch(origin.url)).text();
    const { session } = await client.request(origin.url);
    while (steps.of('receipt-fault').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(session.receiptFault).toMatchObject({ code: 'RECEIPT_MISMATCH' });
    await client.close();
  });
});
