// `deputy connect`: bytes of any protocol over TLS, through a proxy that this device admits into the session (R19).
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { Command, Option } from 'commander';
import type { ByteStream } from '../client/byte_stream.js';
import { DeputyError } from '../delegation/error.js';
import { authority } from '../delegation/origin.js';
import { GREETINGS, START_TLS_PROTOCOLS, type StartTlsProtocol } from '../delegation/start_tls.js';
import { DeputyClient } from '../index.js';
import { drained } from '../platform/node/drained.js';
import { hostAndPort } from './arguments.js';
import { addClientFlags, type ClientFlags, checkClientFlags, clientOptions } from './client_options.js';
import { listenAddress } from './proxy/kinds.js';
import { Tracer } from './trace/tracer.js';

interface ConnectFlags extends ClientFlags {
  listen?: { host: string; port: number };
  alpn?: string[];
  starttls?: StartTlsProtocol;
}

export function connectCommand(): Command {
  const command = new Command('connect')
    .description('Carry bytes to a TLS server: SMTP, FTP, TELNET and any other protocol.')
    .argument('<host:port>', 'the server; it speaks TLS from the first byte on, or turns to it', hostAndPort);
  return addClientFlags(command)
    .addOption(
      new Option(
        '--listen <host:port>',
        'carry each connection that comes there, unencrypted, instead of standard input and output',
      ).argParser((text) => listenAddress.parse(/^\d+$/.test(text) ? `127.0.0.1:${text}` : text)),
    )
    .addOption(
      new Option(
        '--starttls <protocol>',
        'turn to TLS by the words of this protocol, and greet in the place of the server',
      ).choices(START_TLS_PROTOCOLS),
    )
    .option(
      '--alpn <protocol>',
      'a protocol to offer by ALPN; may be repeated',
      (text, before: string[] = []) => [...before, text],
    )
    .addHelpText('after', EXAMPLES)
    .action(async (origin: { host: string; port: number }, flags: ConnectFlags, command: Command) => {
      checkClientFlags(flags, command);
      const tracer = flags.trace ? new Tracer((text) => process.stderr.write(text)) : undefined;
      const client = new DeputyClient(clientOptions(origin, flags, tracer));
      try {
        const { alpn = [], starttls: startTls } = flags;
        const open = async () => {
          const stream = await client.connect(origin.host, origin.port, {
            alpn,
            ...(startTls && { startTls }),
          });
          return { stream, greeting: startTls === undefined ? '' : GREETINGS[startTls] };
        };
        if (flags.listen === undefined) {
          await carry(await open(), process.stdin, process.stdout);
          process.stdin.destroy();
        } else await forward(flags.listen, open);
        tracer?.end();
      } finally {
        await client.close();
      }
    });
}

const EXAMPLES = `
Examples:
  deputy connect mail.example:465 --proxy proxy.example:8443 --proxy-ca proxy.pem --ca roots.pem
  deputy connect mail.example:465 --proxy proxy.example:8443 --proxy-ca proxy.pem --ca roots.pem --listen 2525
  curl smtp://127.0.0.1:2525 …
  deputy connect mail.example:143 --starttls imap --listen 1143 …

A port alone after --listen is one of loopback: anyone who can reach it uses the session.
FTP's data connections are connections of their own, and are not carried.
Exit codes: 0 ok, 1 failed, 2 wrong usage.`;

interface Carried {
  stream: ByteStream;
  greeting: string;
}

/** Until the server has ended. Rejects with DeputyError where the stream broke. */
async function carry({ stream, greeting }: Carried, input: Readable, output: Writable): Promise<void> {
  // The server's own came before TLS; a program that knows nothing of TLS waits for one.
  if (greeting !== '') output.write(greeting);
  const up = async () => {
    // The end of what comes is not the end of what goes: a socket must not be destroyed by it.
    for await (const bytes of input.iterator({ destroyOnReturn: false })) await stream.write(bytes as Buffer);
    await stream.end();
  };
  // One that can't write any more learns why by reading.
  up().catch(() => {});
  try {
    for await (const bytes of stream) {
      if (!output.write(bytes)) await drained(output);
      if (output.destroyed)
        throw new DeputyError('OUTPUT_CLOSED', 'the program that took the bytes has closed its end');
    }
  } catch (error) {
    stream.abort();
    throw error;
  }
  stream.close();
}

/** Listens until it is stopped. */
async function forward(at: { host: string; port: number }, open: () => Promise<Carried>): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    open()
      .then((carried) => {
        socket.on('close', () => carried.stream.close());
        return carry(carried, socket, socket);
      })
      .then(
        () => socket.end(),
        (error: DeputyError) => {
          if (!socket.destroyed)
            process.stderr.write(`deputy: ${error.message} (${error.code ?? 'FAILED'})\n`);
          socket.destroy();
        },
      );
  });
  server.listen(at.port, at.host);
  await Promise.race([
    once(server, 'listening'),
    once(server, 'error').then(([error]) => refused(at, error)),
  ]);
  const stopped = stopSignal();
  const { address, port } = server.address() as AddressInfo;
  process.stdout.write(`deputy connect listens on ${authority(address, port)}\n`);
  await stopped;
  server.close();
  for (const socket of sockets) socket.destroy();
}

function refused(at: { host: string; port: number }, { code }: NodeJS.ErrnoException): never {
  const name = authority(at.host, at.port);
  throw new DeputyError('CANNOT_LISTEN', `${name} can't be listened on (${code}): is it taken?`);
}

const stopSignal = () =>
  new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve());
  });
