// `deputy keylog`: delivers the sessions of a program that knows nothing of Deputy but logs its TLS keys.

import { Command } from 'commander';
import { type DeviceProfile, HANDHELD } from '../delegation/device.js';
import { DeputyError } from '../delegation/error.js';
import { FrameType } from '../delegation/frame.js';
import type { Message } from '../delegation/message.js';
import { toHex } from '../delegation/text.js';
import { Version } from '../tls/numbers.js';
import { textFile } from './arguments.js';
import { addProxyFlags, checkProxyFlags, deviceFlag } from './client_options.js';
import { KeyLogLink, type KeyLogLinkOptions } from './keylog/link.js';
import { KeyLogParser } from './keylog/nss.js';
import { runLogged } from './keylog/program.js';
import { tail } from './keylog/tail.js';

export interface KeyLogCommandOptions {
  file: string;
  proxy: { host: string; port: number };
  proxyCa: string;
  proxyName?: string;
  token?: string;
  proxyCert?: string;
  proxyKey?: string;
  device?: DeviceProfile;
  fromStart?: boolean;
  json?: boolean;
}

const TIMEOUT = 15_000;

type KeyLogFlags = Omit<KeyLogCommandOptions, 'file'> & { file?: string };

const EXAMPLES = `
Example:
  deputy keylog --proxy proxy.example:8443 --proxy-ca proxy.pem -- curl --http1.1 --proxy https://proxy.example:8443 …

With a program the exit code is the program's, and standard error says what happens: failures, all with --json.`;

export function keylogCommand(): Command {
  const command = new Command('keylog')
    .description(
      'Deliver to a proxy each session that a program logs the keys of (SSLKEYLOGFILE), until stopped. ' +
        'Every connection in the file is delivered: give the program a file of its own.',
    )
    .argument('[program...]', 'after --: run this, with a key log of its own, and end with it')
    .option('--file <file>', 'the key log; it need not exist yet');
  return addProxyFlags(command)
    .addOption(deviceFlag())
    .option('--from-start', 'deliver what the file holds already, too')
    .option('--json', 'tell what happens as JSON, one object a line')
    .addHelpText('after', EXAMPLES)
    .action(async (program: string[], options: KeyLogFlags, command: Command) => {
      const { file, json } = options;
      if ((file === undefined) === (program.length === 0)) {
        command.error('error: give --file FILE, or after -- a program to run', { exitCode: 2 });
      }
      checkProxyFlags(options, command);
      if (file === undefined) {
        process.exitCode = await runLogged(program, async (own, signal, onReady) => {
          // Standard output is the program's.
          const tell = teller(json === true, process.stderr, json === true ? undefined : isFailure);
          const outcome = new Outcome();
          const heard = (event: KeyLogEvent) => {
            outcome.add(event);
            tell(event);
            if (event.event === 'ready') onReady();
          };
          await deliverKeys({ ...options, file: own, fromStart: true }, { signal, tell: heard });
          outcome.complain(json === true);
        });
        return;
      }
      const stopped = new AbortController();
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopped.abort());
      const outcome = new Outcome();
      const tell = teller(json === true, process.stdout);
      const heard = (event: KeyLogEvent) => {
        outcome.add(event);
        tell(event);
      };
      await deliverKeys({ ...options, file }, { signal: stopped.signal, tell: heard });
      outcome.complain(json === true);
    });
}

export interface KeyLogEvent {
  event: 'ready' | 'delivered' | 'active' | 'receipt' | 'error' | 'closed';
  [field: string]: unknown;
}

/** Follows the file until `signal` aborts. Throws DeputyError when the proxy can't be reached, or goes. */
export async function deliverKeys(
  options: KeyLogCommandOptions,
  { signal, tell }: { signal: AbortSignal; tell: (event: KeyLogEvent) => void },
): Promise<void> {
  const link = await KeyLogLink.open(linkOptions(options), (message) => onMessage(message, tell));
  const parser = new KeyLogParser();
  const down = new AbortController();
  let reason: DeputyError | undefined;
  void link.closed.then((error) => {
    reason = error;
    down.abort();
  });
  const following = tail(options.file, {
    signal: AbortSignal.any([signal, down.signal]),
    fromStart: options.fromStart === true,
  });
  tell({ event: 'ready', file: options.file });
  try {
    for await (const bytes of following) {
      for (const session of parser.push(bytes)) {
        const { clientRandom, tlsVersion } = session;
        // Node.js logs this command's own connection too, where NODE_OPTIONS has --tls-keylog.
        if (link.isOwn(clientRandom)) {
          session.secrets.fill(0);
          session.handshakeSecrets.fill(0);
          continue;
        }
        link.deliver(session);
        tell({
          event: 'delivered',
          clientRandom: toHex(clientRandom),
          tlsVersion: tlsVersion === Version.Tls13 ? '1.3' : '1.2',
        });
      }
    }
  } finally {
    parser.end();
  }
  if (!signal.aborted && reason !== undefined) throw reason;
  link.close();
}

function onMessage(message: Message, tell: (event: KeyLogEvent) => void): void {
  const session = message.sessionId;
  switch (message.type) {
    case FrameType.Active:
      tell({ event: 'active', session });
      break;
    case FrameType.Receipt: {
      const { status, services, bytesBefore, bytesAfter } = message;
      tell({ event: 'receipt', session, status, services, bytesBefore, bytesAfter });
      break;
    }
    case FrameType.Error:
      // Connections that go past the proxy stand in the same log.
      tell({ event: 'error', session, code: message.code, text: message.text });
      break;
    case FrameType.Close:
      tell({ event: 'closed', session, code: message.code });
      break;
  }
}

function linkOptions(options: KeyLogCommandOptions): KeyLogLinkOptions {
  const { host, port } = options.proxy;
  if (options.token === undefined && options.proxyCert === undefined) {
    throw new DeputyError(
      'NO_CREDENTIALS',
      'the proxy wants to know you: --token, or --proxy-cert and --proxy-key',
    );
  }
  return {
    host,
    port,
    roots: textFile(options.proxyCa, '--proxy-ca'),
    serverName: options.proxyName ?? host,
    token: options.token ?? '',
    identity:
      options.proxyCert === undefined
        ? undefined
        : {
            certificate: textFile(options.proxyCert, '--proxy-cert'),
            key: textFile(options.proxyKey!, '--proxy-key'),
          },
    profile: options.device ?? HANDHELD,
    timeout: TIMEOUT,
  };
}

/** What became of the sessions in the log. */
class Outcome {
  #logged = 0;
  #active = 0;

  add({ event }: KeyLogEvent): void {
    if (event === 'delivered') this.#logged++;
    if (event === 'active') this.#active++;
  }

  /** Says on standard error why the proxy took no part in anything, where it did not. */
  complain(asJson: boolean): void {
    if (this.#active > 0) return;
    const why =
      this.#logged === 0
        ? 'no keys were logged. Does the program write to SSLKEYLOGFILE?'
        : `the log has keys of ${this.#logged} connections, and the proxy waits for none of them. ` +
          "Does the program send 'Deputy-Session: request; leg=mirror' with CONNECT to this proxy?";
    const told = asJson
      ? JSON.stringify({ event: 'idle', why })
      : `deputy keylog: no session was delegated: ${why}`;
    process.stderr.write(`${told}\n`);
  }
}

/** The program's TLS with the proxy itself stands in its key log too, and is no session of anybody's. */
const isFailure = ({ event, code }: KeyLogEvent) => event === 'error' && code !== 'UNKNOWN_SESSION';

const teller =
  (asJson: boolean, to: NodeJS.WriteStream, wanted: (event: KeyLogEvent) => boolean = () => true) =>
  (told: KeyLogEvent): void => {
    if (!wanted(told)) return;
    const { event, ...fields } = told;
    if (asJson) {
      to.write(`${JSON.stringify({ event, ...fields })}\n`);
      return;
    }
    const details = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
    to.write(`${event} ${details.join(' ')}\n`);
  };
