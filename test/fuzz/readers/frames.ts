// The frames of the main session and the messages in them.
import { ProtocolError } from '../../../host/delegation/error.js';
import {
  type AnyFrame,
  encodeFrame,
  encodeStreamFrame,
  type Frame,
  FrameDecoder,
  FrameType,
  isStreamFrame,
  StreamFrameType,
} from '../../../host/delegation/frame.js';
import { decodeMessage, encodeMessage } from '../../../host/delegation/message_body.js';
import { NULL_SESSION_ID } from '../../../host/delegation/session_id.js';
import { Multiplexer } from '../../../host/delegation/streams/multiplexer.js';
import { must, type Reader, refusing } from './reader.js';

const isTyped = (error: unknown) => error instanceof ProtocolError;

const decode = (input: Uint8Array, size: number): Promise<AnyFrame[] | undefined> =>
  refusing(isTyped, () => {
    const decoder = new FrameDecoder();
    const frames: AnyFrame[] = [];
    for (let at = 0; at < input.length; at += size)
      frames.push(...decoder.push(input.subarray(at, at + size)));
    decoder.end();
    return frames;
  });

const textOf = (frames: AnyFrame[] | undefined) =>
  frames
    ?.map((frame) => {
      const of = isStreamFrame(frame) ? frame.stream : frame.sessionId;
      return `${frame.type} ${of} ${Buffer.from(frame.body).toString('hex')}`;
    })
    .join();

const types = Object.values(FrameType).filter((type): type is FrameType => typeof type === 'number');

export const frames: Reader = {
  name: 'frames',
  about: 'frames of the main session and the messages in them, whole and in pieces',
  seeds: async () => [
    ...types.flatMap((type) =>
      [0, 8, 80].map((length) =>
        encodeFrame({
          type,
          sessionId: NULL_SESSION_ID,
          body: Uint8Array.from({ length }, (_, i) => (i % 8 === 7 ? i : 0)),
        }),
      ),
    ),
    ...[0, 4, 6, 9].map((length) =>
      encodeStreamFrame({
        type: StreamFrameType.Data + (length % 5),
        stream: 1,
        body: Uint8Array.from({ length }, () => 65),
      }),
    ),
    encodeMessage({ type: FrameType.Close, sessionId: NULL_SESSION_ID, code: 'GOAWAY', text: 'words' }),
  ],
  words: [
    '\0',
    '\0\0',
    '\0\x01',
    '\xff\xff',
    '\0\0\0\0\0\0\0\x01',
    'GOAWAY',
    'a.example',
    '\x03\x04',
    '\x13\x01',
  ],
  async read(input) {
    const found = await decode(input, input.length || 1);
    must(textOf(found) === textOf(await decode(input, 1)), 'the cuts of a stream change its frames');
    const streams = new Multiplexer({ onStream: () => {}, onPending: () => {}, now: () => 0 });
    for (const frame of found ?? []) {
      if (isStreamFrame(frame)) {
        await refusing(isTyped, () => streams.receive(frame));
        continue;
      }
      const body = frame.body.slice();
      const message = await refusing(isTyped, () => decodeMessage(frame));
      if (message === undefined) continue;
      // What was read says the same again once it is written: nothing of a message is read over.
      const written = encodeMessage(message);
      const again = new FrameDecoder().push(written.slice());
      const same = await refusing(isTyped, () => decodeMessage(again[0] as Frame));
      must(
        JSON.stringify(plain(same)) === JSON.stringify(plain(message)),
        `a message of type ${frame.type} changes: ${Buffer.from(body).toString('hex')}`,
      );
    }
  },
};

/** With its bytes and big numbers as text. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value ?? null, (_, part: unknown) =>
      typeof part === 'bigint'
        ? String(part)
        : part instanceof Uint8Array
          ? Buffer.from(part).toString('hex')
          : part,
    ),
  );
