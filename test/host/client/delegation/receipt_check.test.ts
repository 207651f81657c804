// The proxy's receipts against what came: each lie that a client can find, and what becomes of the session.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BodyCheck,
  checkedBody,
  ReceiptCheck,
} from '../../../../host/client/delegation/receipt_check.js';
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
    [
      'of another log than before',
      ({ check }, hashes) => {
        check.onReceipt(receipt(1, hashes[0]!, 3));
        check.onReceipt({ ...receipt(2, hashes[1]!, 5), log: new Uint8Array(16).fill(1) });
      },
      /two audit logs/,
    ],
    [
      'of a log that comes back behind one without',
      ({ check }, hashes) => {
        check.onReceipt({ ...receipt(1, hashes[0]!, 3), log: new Uint8Array(16).fill(1) });
        check.onReceipt(receipt(2, hashes[1]!));
        check.onReceipt(receipt(3, hashes[2]!, 4));
      },
      /two audit logs/,
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

  test('of what follows a lie are not judged: one is told once', () => {
    const { check, body, faults } = checking();
    body('one');
    check.onReceipt(receipt(1, new Uint8Array(32)));
    body('two');
    check.onReceipt(receipt(2, new Uint8Array(32)));
    expect(faults).toHaveLength(1);
  });

  test.each([
    [16, 1],
    [17, 0],
  ])('%i that come before their bodies leave the first to be judged: %i', (receipts, judged) => {
    const { check, body, faults } = checking();
    for (let i = 1; i <= receipts; i++) check.onReceipt(receipt(i, new Uint8Array(32)));
    body('one');
    expect(faults).toHaveLength(judged);
  });

  test('are kept no longer than until their body has come', () => {
    const { check, body, faults } = checking();
    const bodies = Array.from({ length: 40 }, (_, i) => `body ${i}`);
    for (const [i, hash] of hashesOf(...bodies).entries()) {
      body(bodies[i]!);
      check.onReceipt(receipt(i + 1, hash));
    }
    check.onReceipt(receipt(41, new Uint8Array(32)));
    body('one more');
    expect(faults).toHaveLength(1);
  });
});

describe('a body that is checked', () => {
  const seen: string[] = [];
  const check: BodyCheck = {
    update: (bytes) => void seen.push(Buffer.from(bytes).toString()),
    end: () => void seen.push('end'),
  };
  let isLeft = false;
  async function* source() {
    try {
      yield Buffer.from('one');
      yield Buffer.from('two');
    } finally {
      isLeft = true;
    }
  }

  test('is told of in full, with its end', async () => {
    for await (const _ of checkedBody(source(), check));
    expect(seen.splice(0)).toEqual(['one', 'two', 'end']);
  });

  test('and left has no end, and leaves the original', async () => {
    isLeft = false;
    for await (const _ of checkedBody(source(), check)) break;
    expect(seen.splice(0)).toEqual(['one']);
    expect(isLeft).toBe(true);
    expect(await checkedBody(source(), check)[Symbol.asyncIterator]().return?.()).toEqual({
      done: true,
      value: undefined,
    });
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
    const journal: Service['journal'] = async () => ({
      log: new Uint8Array(16),
      entry: entry--,
      head: new Uint8Array(32),
    });
    const origin = await world.origin((_, response) => response.end('content'));
    const steps = new Steps();
    const client = world.through(await world.proxy({ services: [{ name: 'log', journal }] }), {
      observer: steps,
    });
    await (await client.fetch(origin.url)).text();
    const { session } = await client.request(origin.url);
    while (steps.of('receipt-fault').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(session.receiptFault).toMatchObject({ code: 'RECEIPT_MISMATCH' });
    await client.close();
  });
});
