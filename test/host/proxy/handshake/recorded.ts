// Real handshakes between two ends of node:tls, as the records of each direction and the keys that were logged.
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { type ConnectionOptions, createServer, type TlsOptions, connect as tlsConnect } from 'node:tls';
import type { Authority, Issued } from '../../../../host/cli/demo/authority/authority.js';
import type { SessionRecords } from '../../../../host/proxy/handshake/facts.js';
import { HandshakeView } from '../../../../host/proxy/record/handshake_view.js';
import { RecordCutter, testAuthority } from '../bench.js';

export interface Recorded {
  records: { client: Buffer[]; origin: Buffer[] };
  keyLog: Map<string, Buffer>;
  version: number;
  cipherSuite: number;
  clientRandom: Buffer;
  serverRandom: Buffer;
  encryptThenMac: boolean;
  issued: Issued;
  authority: Authority;
  /** To resume with. */
  session: Buffer | undefined;
}

export interface RecordingOptions {
  client?: ConnectionOptions;
  origin?: TlsOptions;
  /** What the client writes, once the handshake is done. */
  says?: string;
}

/** One handshake; the client's records end with it unless it says something. */
export async function record({ client = {}, origin = {}, says }: RecordingOptions = {}): Promise<Recorded> {
  const { authority, issued } = await testAuthority();
  let onAccepted = () => {};
  const accepted = new Promise<void>((resolve) => {
    onAccepted = resolve;
  });
  const server = createServer({ cert: issued.chainPem, key: issued.keyPem, ...origin }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', () => {});
    onAccepted();
  });
  server.on('tlsClientError', () => {});
  const records: Recorded['records'] = { client: [], origin: [] };
  const tap = createTcpServer((socket) => {
    const cutters = { client: new RecordCutter(), origin: new RecordCutter() };
    const to = connectTcp((server.address() as AddressInfo).port, '127.0.0.1');
    for (const [from, other, side] of [
      [socket, to, 'client'],
      [to, socket, 'origin'],
    ] as const) {
      from.on('error', () => {}).on('close', () => other.destroy());
      from.on('data', (bytes: Buffer) => {
        for (const each of cutters[side].push(bytes)) records[side].push(Buffer.from(each));
        other.write(bytes);
      });
    }
  });
  for (const each of [server, tap]) {
    each.listen(0, '127.0.0.1');
    await once(each, 'listening');
  }
  const keyLog = new Map<string, Buffer>();
  const socket = tlsConnect({
    port: (tap.address() as AddressInfo).port,
    host: '127.0.0.1',
    servername: 'origin.test',
    ca: authority.root.pem,
    ...client,
  });
  let session: Buffer | undefined;
  socket.on('session', (bytes) => {
    session = bytes;
  });
  socket.on('keylog', (line: Buffer) => {
    const [label = '', , secret = ''] = line.toString().trim().split(' ');
    keyLog.set(label, Buffer.from(secret, 'hex'));
  });
  await Promise.all([once(socket, 'secureConnect'), accepted]);
  if (says !== undefined) socket.write(says);
  const behind = () => new Promise((resolve) => setTimeout(resolve, 30));
  await behind();
  const seen = { client: [...records.client], origin: [...records.origin] };
  socket.destroy();
  for (const each of [server, tap]) each.close();
  const view = new HandshakeView();
  for (const side of ['client', 'origin'] as const) for (const each of seen[side]) view[side].record(each);
  const { clientHello, serverHello } = view;
  if (clientHello === undefined || serverHello === undefined) throw new Error('no hellos');
  return {
    records: seen,
    keyLog,
    version: serverHello.version,
    cipherSuite: serverHello.cipherSuite,
    clientRandom: clientHello.random,
    serverRandom: serverHello.random,
    encryptThenMac: serverHello.encryptThenMac,
    issued,
    authority,
    session,
  };
}

/** A copy whose records are others. */
export const withRecords = (recorded: Recorded, change: Partial<SessionRecords>): Recorded => ({
  ...recorded,
  records: {
    client: [...(change.client ?? recorded.records.client)],
    origin: [...(change.origin ?? recorded.records.origin)],
  },
});

export function secretOf({ keyLog }: Recorded, label: string): Buffer {
  const secret = keyLog.get(label);
  if (secret === undefined) throw new Error(`${label} was not logged`);
  return secret;
}
