// Random well-formed messages for property tests.
import fc from 'fast-check';
import type { Leg } from '../../../host/delegation/delivery.js';
import { FrameType } from '../../../host/delegation/frame.js';
import type { Message } from '../../../host/delegation/message.js';
import type { Resumption } from '../../../host/delegation/resumption.js';
import { hasControls, plainText } from '../../../host/delegation/text.js';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const count = fc.maxSafeNat();
const name = (maxLength: number) =>
  fc
    .string({ unit: 'grapheme', maxLength })
    .filter(
      (text) => !hasControls(text) && plainText(text, 1000) === text && Buffer.byteLength(text) <= maxLength,
    );
const sentence = fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => plainText(text, 1024));
const texts = fc.array(name(30), { maxLength: 6 });
const code = fc.stringMatching(/^[A-Z0-9_]{1,64}$/);
const host = fc.oneof(fc.domain(), fc.ipV4(), fc.constantFrom('::1', '2001:db8::8a2e:370:7334', 'localhost'));

const session = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((id) => Buffer.from(id).toString('hex'));
const positive = fc.integer({ min: 1, max: 0xffffffff });

const profile = fc.record({
  name: name(64),
  screenWidth: u16,
  screenHeight: u16,
  colourDepth: fc.integer({ min: 1, max: 32 }),
  colour: fc.boolean(),
  styles: fc.boolean(),
  markup: texts,
  pictures: texts,
  charset: name(40),
  memory: u32,
});

const resumed = {
  cipherSuite: u16,
  uses: fc.integer({ min: 1, max: 0xffff }),
  serverName: name(255),
  alpn: name(255),
  certificateHash: bytes(32),
  ageAdd: u32,
  age: u32,
};

export const resumptions: fc.Arbitrary<Resumption> = fc.oneof(
  fc.record({
    ...resumed,
    protocolVersion: fc.constant(0x0304),
    extendedMasterSecret: fc.boolean(),
    lifetime: fc.integer({ min: 0, max: 604_800 }),
    sessionId: bytes(0),
    ticket: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    secret: fc.oneof(bytes(32), bytes(48)),
  }),
  fc.record({
    ...resumed,
    protocolVersion: fc.constant(0x0303),
    extendedMasterSecret: fc.constant(true),
    lifetime: u32,
    sessionId: fc.uint8Array({ minLength: 1, maxLength: 32 }),
    ticket: fc.uint8Array({ maxLength: 300 }),
    secret: bytes(48),
  }),
);

/** One arbitrary a type, so that each is drawn as often as any other. */
export const messages: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    type: fc.constant(FrameType.Hello as const),
    sessionId: session,
    version: u16,
    token: name(200),
    profile,
    maxSessions: u16,
  }),
  fc.record({
    type: fc.constant(FrameType.Welcome as const),
    sessionId: session,
    version: u16,
    maxSessions: u16,
    deliveryTimeout: u32,
    services: texts,
    node: fc.constantFrom('', 'node-2.example:8443', '[2001:db8::1]:443'),
  }),
  fc.record({
    type: fc.constant(FrameType.Deliver as const),
    sessionId: session,
    protocolVersion: u16,
    cipherSuite: u16,
    grant: fc.integer({ min: 1, max: 5 }),
    extendedMasterSecret: fc.boolean(),
    leg: fc.constantFrom<Leg>(0, 1),
    clientRandom: bytes(32),
    serverRandom: bytes(32),
    certificateHash: bytes(32),
    sni: name(255),
    alpn: name(255),
    clientEpochStart: u32,
    originEpochStart: u32,
    clientRecords: u32,
    requestId: u32,
    expires: u32,
    secrets: fc.uint8Array({ maxLength: 1024 }),
    handshakeSecrets: fc.uint8Array({ maxLength: 128 }),
    commitments: fc.array(bytes(32), { maxLength: 8 }),
    binding: bytes(32),
  }),
  fc.record({
    type: fc.constant(FrameType.Active as const),
    sessionId: session,
    originRecords: u32,
    clientRecords: u32,
  }),
  fc.record({
    type: fc.constant(FrameType.Revoke as const),
    sessionId: session,
    reason: sentence,
    clientBytes: count,
  }),
  fc.record({
    type: fc.constant(FrameType.Returned as const),
    sessionId: session,
    code,
    clientRecords: u32,
    originRecords: u32,
    originBytes: count,
  }),
  fc.record({
    type: fc.constant(FrameType.Release as const),
    sessionId: session,
    clientEpochStart: u32,
    originEpochStart: u32,
    secrets: fc.uint8Array({ maxLength: 1024 }),
    random: bytes(32),
  }),
  fc.record({
    type: fc.constant(FrameType.Deny as const),
    sessionId: session,
    requestId: u32,
    code: fc.constantFrom('POLICY_DENIED', 'TUNNEL_DENIED'),
    reason: sentence,
  }),
  fc.record({
    type: fc.constant(FrameType.CipherChanged as const),
    sessionId: session,
    change: fc.integer({ min: 1, max: 5 }),
    clientEpoch: u32,
    originEpoch: u32,
    ticket: fc.uint8Array({ maxLength: 400 }),
  }),
  fc.record({
    type: fc.constant(FrameType.Tunnel as const),
    sessionId: session,
    requestId: positive,
    host,
    port: fc.integer({ min: 1, max: 65535 }),
    reason: sentence,
    forSession: session,
  }),
  fc.record({
    type: fc.constant(FrameType.Receipt as const),
    sessionId: session,
    response: u32,
    status: u16,
    bytesBefore: count,
    bytesAfter: count,
    verified: fc.boolean(),
    services: texts,
    hash: bytes(32),
    entry: count,
    log: bytes(16),
    head: bytes(32),
  }),
  fc.record({
    type: fc.constantFrom(FrameType.Error as const, FrameType.Close as const),
    sessionId: session,
    code,
    text: sentence,
  }),
  fc.record({
    type: fc.constant(FrameType.Resumption as const),
    sessionId: session,
    resumption: resumptions,
  }),
  fc.record({
    type: fc.constant(FrameType.Subscribe as const),
    sessionId: session,
    wish: fc.record({
      every: positive,
      window: fc.option(fc.record({ start: fc.nat(1439), minutes: fc.integer({ min: 1, max: 1440 }) }), {
        nil: undefined,
      }),
      headers: fc.array(
        fc.tuple(fc.stringMatching(/^[A-Za-z-]{1,20}$/), fc.stringMatching(/^[!-~ é]{0,40}$/)),
        {
          maxLength: 4,
        },
      ),
      targets: fc.array(fc.stringMatching(/^\/[!-~]{0,40}$/), { minLength: 1, maxLength: 5 }),
    }),
  }),
  fc.record({
    type: fc.constant(FrameType.Subscribed as const),
    sessionId: session,
    code: fc.oneof(fc.constant(''), code),
    text: sentence,
    next: u32,
    left: u32,
  }),
  fc.record({
    type: fc.constant(FrameType.Device as const),
    sessionId: session,
    device: fc.stringMatching(/^[a-z0-9-]{1,64}$/),
    firmware: fc.stringMatching(/^[!-~]{0,64}$/),
    roots: u32,
    memory: u32,
    counter: fc.maxSafeNat(),
    nonce: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  }),
  fc.record({
    type: fc.constant(FrameType.Manage as const),
    sessionId: session,
    order: fc.uint8Array({ maxLength: 300 }),
    signature: fc.uint8Array({ maxLength: 80 }),
  }),
  fc.record({
    type: fc.constant(FrameType.Managed as const),
    sessionId: session,
    counter: fc.maxSafeNat(),
    command: fc.nat(255),
    code,
    text: sentence,
  }),
);
