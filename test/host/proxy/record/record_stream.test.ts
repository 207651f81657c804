// What a TLS endpoint must do after its handshake, and what it must not bear.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Grant } from '../../../../host/delegation/grant.js';
import { ContentType, type RecordCipher } from '../../../../host/proxy/record/cipher.js';
import { recordReader } from '../../../../host/proxy/record/reader.js';
import { RecordStream, type RecordStreamOptions } from '../../../../host/proxy/record/record_stream.js';
import { sessionKeys } from '../../../../host/proxy/record/session_keys.js';

/** A stream toward an origin whose records the test seals itself. */
function bench(version: 0x0303 | 0x0304 = 0x0304, options: Partial<RecordStreamOptions> = {}) {
  const cipherSuite = version === 0x0304 ? 0x1301 : 0xc02f;
  const keys = sessionKeys(
    {
      grant: version === 0x0304 ? Grant.Session : Grant.Full,
      secrets: Buffer.alloc(version === 0x0304 ? 64 : 48, 9),
    },
    {
      version,
      cipherSuite,
      clientRandom: Buffer.alloc(32, 1),
      serverRandom: Buffer.alloc(32, 2),
      encryptThenMac: false,
    },
  );
  const incoming: Buffer[] = [];
  const sent: Buffer[] = [];
  let ended = false;
  const stream = new RecordStream({
    role: 'client',
    version,
    opening: keys.cipher('origin', { sequence: 0 }),
    sealing: keys.cipher('client', { sequence: 0 }),
    nextRecord: async () => incoming.shift(),
    transport: {
      write: async (bytes) => {
        sent.push(Buffer.from(bytes));
      },
      end: async () => {
        ended = true;
      },
      destroy: () => {},
    },
    ...options,
  });
  const origin: RecordCipher = keys.cipher('origin', { sequence: 0 });
  const opener = keys.cipher('client', { sequence: 0 });
  return {
    stream,
    origin,
    sends: (type: ContentType, content: Uint8Array | string) => {
      incoming.push(origin.seal(type, Buffer.from(content)));
    },
    raw: (bytes: Buffer) => incoming.push(bytes),
    /** What the stream has sent since the last call, opened. */
    answers: () => sent.splice(0).map((record) => opener.open(record)),
    opener,
    hasEnded: () => ended,
  };
}

const { ApplicationData, Handshake, Alert } = ContentType;
const KEY_UPDATE = [24, 0, 0, 1, 0];

describe('TLS 1.3', () => {
  test('reads data, follows an update of keys, and answers one that is asked for', async () => {
    const generations: string[] = [];
    const { stream, origin, sends, answers, opener } = bench(0x0304, {
      onKeyUpdate: (direction, generation) => generations.push(`${direction} ${generation}`),
    });
    sends(ApplicationData, 'one');
    sends(Handshake, Buffer.from(KEY_UPDATE));
    origin.updateKeys!();
    sends(ApplicationData, 'two');
    sends(Handshake, Buffer.from([24, 0, 0, 1, 1]));
    origin.updateKeys!();
    sends(ApplicationData, 'three');
    sends(Alert, Buffer.from([1, 0]));
    const read = [await stream.read(), await stream.read(), await stream.read(), await stream.read()];
    expect(read.map(String)).toEqual(['one', 'two', 'three', 'undefined']);
    expect(answers()).toEqual([{ type: Handshake, content: Buffer.from(KEY_UPDATE) }]);
    opener.updateKeys!();
    await stream.write(Buffer.from('next'));
    expect(answers()[0]!.content.toString()).toBe('next');
    expect(generations).toEqual(['opening 1', 'opening 2', 'sealing 1']);
  });

  test('hands tickets on whole, however they were cut', async () => {
    const tickets: Buffer[] = [];
    const { stream, sends } = bench(0x0304, { onTicket: (ticket) => tickets.push(ticket) });
    const ticket = Buffer.concat([Buffer.from([4, 0, 0, 200]), randomBytes(200)]);
    for (let at = 0; at < ticket.length; at += 50) sends(Handshake, ticket.subarray(at, at + 50));
    sends(Handshake, Buffer.concat([ticket, ticket]));
    sends(ApplicationData, 'data');
    expect(String(await stream.read())).toBe('data');
    expect(tickets).toEqual([ticket, ticket, ticket]);
  });

  test.each<[string, ContentType, Buffer, string]>([
    ['a fatal alert', Alert, Buffer.from([2, 40]), 'PEER_ALERT'],
    ['an alert of one byte', Alert, Buffer.from([2]), 'DECODE_ERROR'],
    ['a CertificateRequest', Handshake, Buffer.from([13, 0, 0, 0]), 'UNEXPECTED_MESSAGE'],
    ['a HelloRequest', Handshake, Buffer.from([0, 0, 0, 0]), 'UNEXPECTED_MESSAGE'],
    ['an empty handshake record', Handshake, Buffer.alloc(0), 'UNEXPECTED_MESSAGE'],
    ['a KeyUpdate with a third wish', Handshake, Buffer.from([24, 0, 0, 1, 2]), 'DECODE_ERROR'],
    [
      'a KeyUpdate that does not end its record',
      Handshake,
      Buffer.from([...KEY_UPDATE, 4]),
      'UNEXPECTED_MESSAGE',
    ],
    ['a message beyond all bounds', Handshake, Buffer.from([4, 255, 255, 255]), 'DECODE_ERROR'],
    [
      'a ChangeCipherSpec inside the protection',
      ContentType.ChangeCipherSpec,
      Buffer.from([1]),
      'UNEXPECTED_MESSAGE',
    ],
  ])('refuses %s', async (_, type, content, code) => {
    const { stream, sends } = bench();
    sends(type, content);
    await expect(stream.read()).rejects.toMatchObject({ code, side: 'origin' });
  });

  test('refuses data in the middle of a handshake message', async () => {
    const { stream, sends } = bench();
    sends(Handshake, Buffer.from([4, 0, 0, 9, 1]));
    sends(ApplicationData, 'x');
    await expect(stream.read()).rejects.toMatchObject({ code: 'UNEXPECTED_MESSAGE' });
  });

  test('takes only so many records without content', async () => {
    const { stream, sends } = bench();
    for (let i = 0; i < 40; i++) sends(ApplicationData, '');
    await expect(stream.read()).rejects.toMatchObject({ code: 'UNEXPECTED_MESSAGE' });
  });

  test.each<[string, (it: ReturnType<typeof bench>) => void]>([
    ['empty records', ({ sends }) => sends(ApplicationData, '')],
    ['warnings', ({ sends }) => sends(Alert, Buffer.from([1, 90]))],
    ['tickets', ({ sends }) => sends(Handshake, Buffer.from([4, 0, 0, 1, 0]))],
    ...[0, 1].map((wish): [string, (it: ReturnType<typeof bench>) => void] => [
      `KeyUpdates that ask for ${wish}`,
      ({ sends, origin }) => {
        sends(Handshake, Buffer.from([24, 0, 0, 1, wish]));
        origin.updateKeys!();
      },
    ]),
  ])('takes a flood of %s up to 32 in a row, and counts anew behind content', async (_, send) => {
    const it = bench();
    for (let i = 0; i < 3; i++) {
      for (let n = 0; n < 32; n++) send(it);
      it.sends(ApplicationData, 'x');
      expect(String(await it.stream.read())).toBe('x');
    }
    for (let n = 0; n < 33; n++) send(it);
    await expect(it.stream.read()).rejects.toMatchObject({ code: 'UNEXPECTED_MESSAGE', side: 'origin' });
  });

  test.each([
    [32, true],
    [33, false],
  ])('takes a message in %i records: %s', async (records, isBorne) => {
    const tickets: Buffer[] = [];
    const { stream, sends } = bench(0x0304, { onTicket: (ticket) => tickets.push(ticket) });
    const ticket = Buffer.concat([Buffer.from([4, 0, 0, records - 4]), Buffer.alloc(records - 4)]);
    for (const byte of ticket) sends(Handshake, Buffer.from([byte]));
    sends(ApplicationData, 'x');
    if (isBorne) expect(String(await stream.read())).toBe('x');
    else await expect(stream.read()).rejects.toMatchObject({ code: 'UNEXPECTED_MESSAGE' });
    expect(tickets).toHaveLength(isBorne ? 1 : 0);
  });

  test('takes user_canceled for no error, and what follows for the end', async () => {
    const { stream, sends } = bench();
    sends(Alert, Buffer.from([1, 90]));
    sends(Alert, Buffer.from([1, 0]));
    expect(await stream.read()).toBeUndefined();
  });
});

describe('TLS 1.2', () => {
  test('refuses to renegotiate and goes on', async () => {
    const { stream, sends, answers } = bench(0x0303);
    sends(Handshake, Buffer.from([0, 0, 0, 0]));
    sends(ApplicationData, 'on');
    expect(String(await stream.read())).toBe('on');
    expect(answers()).toEqual([{ type: Alert, content: Buffer.from([1, 100]) }]);
  });

  test('refuses a KeyUpdate, a ticket after the handshake, and renegotiation all the same', async () => {
    for (const message of [KEY_UPDATE, [4, 0, 0, 0], [2, 0, 0, 0]]) {
      const { stream, sends } = bench(0x0303);
      sends(Handshake, Buffer.from(message));
      await expect(stream.read()).rejects.toMatchObject({ code: 'UNEXPECTED_MESSAGE' });
    }
  });

  test('passes over warnings', async () => {
    const { stream, sends } = bench(0x0303);
    sends(Alert, Buffer.from([1, 112]));
    sends(ApplicationData, 'on');
    expect(String(await stream.read())).toBe('on');
  });
});

test('an end without close_notify is no end', async () => {
  await expect(bench().stream.read()).rejects.toMatchObject({ code: 'TRUNCATED' });
});

test('writes records no longer than the peer takes', async () => {
  const { stream, answers } = bench(0x0304, { recordSizeLimit: 63 });
  await stream.write(Buffer.alloc(130));
  expect(answers().map(({ content }) => content.length)).toEqual([63, 63, 4]);
});

test('closes once, in order; nothing goes out after', async () => {
  const { stream, answers, hasEnded } = bench();
  await stream.end();
  await stream.end();
  expect(answers()).toEqual([{ type: Alert, content: Buffer.from([1, 0]) }]);
  expect(hasEnded()).toBe(true);
  await expect(stream.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'ORIGIN_GONE' });
});

test('the reader cuts records whatever the chunks, and refuses what is none', async () => {
  const records = [
    Buffer.from([22, 3, 1, 0, 2, 1, 2]),
    Buffer.from([23, 3, 3, 0, 0]),
    Buffer.from([21, 3, 3, 0, 1, 9]),
  ];
  const whole = Buffer.concat(records);
  for (let size = 1; size <= whole.length; size++) {
    const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
      Buffer.from(whole.subarray(i * size, (i + 1) * size)),
    );
    const reader = recordReader({ read: async () => chunks.shift() });
    for (const record of records) expect(await reader.next()).toEqual(record);
    expect(await reader.next()).toBeUndefined();
  }
  const of = (bytes: number[]) => {
    const chunks = [Buffer.from(bytes)];
    return recordReader({ read: async () => chunks.shift() }).next();
  };
  await expect(of([71, 69, 84, 32, 47])).rejects.toMatchObject({ code: 'NOT_TLS' });
  await expect(of([23, 2, 0, 0, 0])).rejects.toMatchObject({ code: 'NOT_TLS' });
  await expect(of([23, 3, 3, 255, 255])).rejects.toMatchObject({ code: 'RECORD_OVERFLOW' });
  await expect(of([23, 3, 3, 0, 9, 1])).rejects.toMatchObject({ code: 'TRUNCATED' });
});
