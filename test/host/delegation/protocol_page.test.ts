// The page on the wire protocol: what it shows in hex is what this proxy says, byte for byte, and what the code reads.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import {
  encodeStreamFrame,
  FRAME_BODY_LIMIT,
  FRAME_HEADER_BYTES,
  FrameDecoder,
  FrameType,
  isStreamFrame,
  STREAM_BODY_LIMIT,
  STREAM_HEADER_BYTES,
  StreamFrameType,
} from '../../../host/delegation/frame.js';
import { MAIN_PROTOCOL } from '../../../host/delegation/message.js';
import { decodeMessage, encodeMessage } from '../../../host/delegation/message_body.js';
import { startProxy } from '../proxy/bench.js';

const page = await readFile(new URL('../../../host/delegation/PROTOCOL.md', import.meta.url), 'utf8');

interface Piece {
  from: 'client' | 'proxy';
  bytes: Buffer;
}

/** The lines `C …` and `P …` of the page's blocks of hex; what stands behind `#` is for people. */
function example(name: string): Piece[] {
  const block = new RegExp(`<!-- ${name} -->\\n\`\`\`\\n([^\`]*)\`\`\``).exec(page)?.[1];
  if (block === undefined) throw new Error(`the page has no example ${name}`);
  const pieces: Piece[] = [];
  for (const line of block.split('\n')) {
    const text = line.replace(/#.*$/, '');
    const bytes = Buffer.from(text.replace(/^[CP]/, '').replaceAll(/\s/g, ''), 'hex');
    const last = pieces.at(-1);
    if (/^[CP]/.test(text)) pieces.push({ from: text[0] === 'C' ? 'client' : 'proxy', bytes });
    else if (last !== undefined) last.bytes = Buffer.concat([last.bytes, bytes]);
  }
  return pieces;
}

async function heard(socket: TLSSocket, length: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < length) bytes = Buffer.concat([bytes, (await once(socket, 'data'))[0] as Buffer]);
  return bytes;
}

describe('the page on the protocol', () => {
  test('shows an exchange as this proxy has it', async () => {
    const pieces = example('refused');
    expect(pieces.map(({ from }) => from)).toEqual(['client', 'client', 'proxy', 'proxy']);
    const token = decodeFirst(pieces[0]!.bytes);
    if (token?.type !== FrameType.Hello) throw new Error('the example begins with HELLO');
    const bench = await startProxy({ tokens: [{ name: 'example', token: token.token }] });
    const socket = connect({
      host: '127.0.0.1',
      port: bench.port,
      ca: bench.ca,
      servername: 'localhost',
      ALPNProtocols: [MAIN_PROTOCOL],
    });
    try {
      await once(socket, 'secureConnect');
      const said = pieces.filter(({ from }) => from === 'client').map(({ bytes }) => bytes);
      const answer = Buffer.concat(pieces.filter(({ from }) => from === 'proxy').map(({ bytes }) => bytes));
      const hearing = heard(socket, answer.length);
      socket.write(Buffer.concat(said));
      expect((await hearing).toString('hex')).toBe(answer.toString('hex'));
    } finally {
      socket.destroy();
      await bench.close();
    }
  });

  test('shows frames that are read, and written again, as they stand there', () => {
    for (const { bytes } of [...example('refused'), ...example('delegated')]) {
      const again = new FrameDecoder()
        .push(new Uint8Array(bytes))
        .map((frame) =>
          isStreamFrame(frame) ? encodeStreamFrame(frame) : encodeMessage(decodeMessage(frame)),
        );
      expect(Buffer.concat(again).toString('hex')).toBe(bytes.toString('hex'));
    }
  });

  test('names every frame by its number', () => {
    const rows = [...page.matchAll(/^\| (0x[0-9a-f]{2}|\d+) +\| ([A-Z_]+) +\|/gm)].map(
      ([, number, name]) => [Number(number), name] as const,
    );
    const named = (types: object, spell: (name: string) => string) =>
      Object.entries(types)
        .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
        .map(([name, number]) => [number, spell(name)] as const);
    const spell = (name: string) => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
    expect(rows).toEqual([...named(FrameType, spell), ...named(StreamFrameType, spell)]);
  });

  test('gives the sizes that hold', () => {
    expect(page).toContain(`${FRAME_HEADER_BYTES} bytes`);
    expect(page).toContain(`${STREAM_HEADER_BYTES} bytes`);
    for (const limit of [FRAME_BODY_LIMIT, STREAM_BODY_LIMIT])
      expect(page).toContain(limit.toLocaleString('en'));
    expect(page).toContain(MAIN_PROTOCOL);
  });
});

function decodeFirst(bytes: Uint8Array) {
  const [frame] = new FrameDecoder().push(new Uint8Array(bytes));
  return frame === undefined || isStreamFrame(frame) ? undefined : decodeMessage(frame);
}
