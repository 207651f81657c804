// A main session on Node's own TLS, for a client whose TLS stack is not Deputy's: it delivers, and hears the answers.

import { once } from 'node:events';
import { isIP } from 'node:net';
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import {
  DELIVERY_BINDING_BYTES,
  DELIVERY_BINDING_LABEL,
  deliveryBindingContext,
  Leg,
  UNKNOWN_RECORD,
} from '../../delegation/delivery.js';
import type { DeviceProfile } from '../../delegation/device.js';
import { DeputyError } from '../../delegation/error.js';
import { FrameDecoder, FrameType, isStreamFrame } from '../../delegation/frame.js';
import { Grant } from '../../delegation/grant.js';
import { DELEGATION_VERSION, type Message } from '../../delegation/message.js';
import { decodeMessage, encodeMessage } from '../../delegation/message_body.js';
import { authority } from '../../delegation/origin.js';
import { NULL_SESSION_ID } from '../../delegation/session_id.js';
import { Version } from '../../tls/numbers.js';
import type { LoggedSession } from './nss.js';

export interface KeyLogLinkOptions {
  host: string;
  port: number;
  /** PEM roots that the proxy's certificate must lead to. */
  roots: string;
  serverName: string;
  token: string;
  /** PEM. */
  identity: { certificate: string; key: string } | undefined;
  profile: DeviceProfile;
  timeout: number;
}

export class KeyLogLink {
  /** Resolves with the reason when the link is down. */
  readonly closed: Promise<DeputyError>;
  readonly #socket: TLSSocket;
  readonly #ownRandom: string | undefined;
  readonly #decoder = new FrameDecoder();
  readonly #onMessage: (message: Message) => void;
  #onWelcome: () => void = () => {};
  #onRefusal: (reason: DeputyError) => void = () => {};

  private constructor({ socket, clientRandom }: Handshake, onMessage: (message: Message) => void) {
    this.#socket = socket;
    this.#ownRandom = clientRandom;
    this.#onMessage = onMessage;
    this.closed = new Promise((resolve) => {
      let failure: Error | undefined;
      socket.on('error', (error) => {
        failure = error;
      });
      socket.on('end', () => socket.end());
      socket.on('close', () => {
        this.#decoder.wipe();
        const why = failure?.message ?? 'the proxy closed';
        resolve(new DeputyError('PROXY_CLOSED', `the main session ended: ${why}`));
      });
    });
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
  }

  /** Connects, verifies the proxy, greets, and waits for WELCOME. Throws DeputyError. */
  static async open(options: KeyLogLinkOptions, onMessage: (message: Message) => void): Promise<KeyLogLink> {
    const link = new KeyLogLink(await handshake(options), onMessage);
    const welcome = new Promise<void>((resolve, reject) => {
      link.#onWelcome = resolve;
      link.#onRefusal = reject;
      link.closed.then(reject);
    });
    const { token, profile, timeout } = options;
    link.#send({
      type: FrameType.Hello,
      maxSessions: 0,
      sessionId: NULL_SESSION_ID,
      version: DELEGATION_VERSION,
      token,
      profile,
    });
    const late = setTimeout(() => link.#socket.destroy(new Error('no WELCOME came in time')), timeout);
    await welcome.finally(() => clearTimeout(late));
    return link;
  }

  /** Whether this is the TLS connection of this link itself. */
  isOwn(clientRandom: Uint8Array): boolean {
    return this.#ownRandom === Buffer.from(clientRandom).toString('hex');
  }

  /** R7, for a client that knows neither ids nor record counts. Wipes the secrets. */
  deliver(session: LoggedSession): void {
    const context = Buffer.from(deliveryBindingContext(NULL_SESSION_ID, session.clientRandom));
    const binding = this.#socket.exportKeyingMaterial(
      DELIVERY_BINDING_BYTES,
      DELIVERY_BINDING_LABEL,
      context,
    );
    this.#send({
      type: FrameType.Deliver,
      sessionId: NULL_SESSION_ID,
      protocolVersion: session.tlsVersion,
      cipherSuite: 0,
      grant: session.tlsVersion === Version.Tls13 ? Grant.Session : Grant.Full,
      extendedMasterSecret: false,
      leg: Leg.Mirror,
      clientRandom: session.clientRandom,
      serverRandom: new Uint8Array(32),
      certificateHash: new Uint8Array(32),
      sni: '',
      alpn: '',
      clientEpochStart: UNKNOWN_RECORD,
      originEpochStart: UNKNOWN_RECORD,
      clientRecords: UNKNOWN_RECORD,
      requestId: 0,
      expires: 0,
      secrets: session.secrets,
      handshakeSecrets: session.handshakeSecrets,
      commitments: [],
      binding,
    });
    session.secrets.fill(0);
    session.handshakeSecrets.fill(0);
    binding.fill(0);
  }

  close(): void {
    this.#send({ type: FrameType.Close, sessionId: NULL_SESSION_ID, code: 'DONE', text: '' });
    this.#socket.end();
  }

  #send(message: Message): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    const frame = encodeMessage(message);
    this.#socket.write(frame, () => frame.fill(0));
  }

  #onData(bytes: Buffer): void {
    try {
      for (const frame of this.#decoder.push(bytes)) {
        // It opens no streams.
        if (isStreamFrame(frame)) continue;
        const message = decodeMessage(frame);
        if (message.type === FrameType.Error) {
          this.#onRefusal(new DeputyError(message.code, `the proxy refused: ${message.text}`));
        }
        if (message.type === FrameType.Welcome) this.#onWelcome();
        else if (message.type === FrameType.Tunnel) this.#deny(message.requestId);
        else this.#onMessage(message);
      }
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
  }

  /** A client that only logs keys shakes hands with nobody at the proxy's wish. */
  #deny(requestId: number): void {
    const reason = 'this client only delivers the keys of its own connections';
    this.#send({
      type: FrameType.Deny,
      sessionId: NULL_SESSION_ID,
      requestId,
      code: 'POLICY_DENIED',
      reason,
    });
  }
}

interface Handshake {
  socket: TLSSocket;
  /** Hexadecimal. */
  clientRandom: string | undefined;
}

async function handshake(options: KeyLogLinkOptions): Promise<Handshake> {
  const { host, port, roots, serverName, identity, timeout } = options;
  const socket = connect({
    host,
    port,
    // RFC 6066 §3: an address is no name to send, though it is one to verify.
    servername: isIP(serverName) ? '' : serverName,
    checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
    ca: roots,
    // The second says that its tunnels come from another program, which has none of its tickets: a proxy of several
    // processes then keeps both in one. The first is what is spoken.
    ALPNProtocols: ['deputy/2', 'http/1.1'],
    minVersion: 'TLSv1.2',
    ...(identity && { cert: identity.certificate, key: identity.key }),
  });
  const late = setTimeout(() => socket.destroy(new Error('it did not answer in time')), timeout);
  let clientRandom: string | undefined;
  socket.once('keylog', (line: Buffer) => {
    clientRandom = line.toString('latin1').split(' ')[1]?.toLowerCase();
    line.fill(0);
  });
  try {
    await once(socket, 'secureConnect');
  } catch (error) {
    throw new DeputyError('PROXY_UNREACHABLE', `${authority(host, port)}: ${(error as Error).message}`);
  } finally {
    clearTimeout(late);
  }
  if (socket.alpnProtocol === 'deputy/2') return { socket, clientRandom };
  socket.destroy();
  throw new DeputyError(
    'NOT_A_DEPUTY_PROXY',
    `${authority(host, port)} does not speak deputy/2: check host and port`,
  );
}
