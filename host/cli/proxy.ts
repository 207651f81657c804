// `deputy proxy`: runs the proxy until it is told to stop.
import { isIP } from 'node:net';
import { Command, InvalidArgumentError, Option } from 'commander';
import { DeputyError } from '../delegation/error.js';
import { authority } from '../delegation/origin.js';
import type { ProxyOptions } from '../proxy/options.js';
import { createProxy, type ProxyServer } from '../proxy/proxy.js';
import { DEVICES, deviceProfile, seconds, textFile } from './arguments.js';
import {
  byteCount,
  cacheStore,
  collectService,
  loadServices,
  type ServiceOptions,
  serviceNames,
} from './services.js';

export interface ProxyCommandOptions extends ServiceOptions {
  listen: { host: string; port: number };
  cert?: string;
  key?: string;
  plaintext?: boolean;
  tokenFile?: string;
  clientCa?: string;
  allowTarget?: string[];
  denyTarget?: string[];
  resolve?: Record<string, string>;
  allowPort?: ('any' | number)[];
  holdTime?: number;
  undelivered: 'relay' | 'close';
  requireDelegation?: boolean;
  legacy?: boolean;
  maxSessions?: number;
  logLevel: string;
  json?: boolean;
}

export function proxyCommand(): Command {
  return new Command('proxy')
    .description('Run a proxy that clients can admit into their TLS sessions.')
    .addOption(
      new Option('--listen <host:port>', 'where to listen; port 0 takes a free one')
        .argParser(listenAddress)
        .default({ host: '127.0.0.1', port: 8443 }, '127.0.0.1:8443'),
    )
    .option('--cert <file>', "the proxy's certificate and its issuers (PEM)")
    .option('--key <file>', 'its private key (PEM)')
    .option('--plaintext', 'listen without TLS: blind tunnels only, nothing can be delegated')
    .option('--token-file <file>', 'tokens that admit clients: one a line, "name:token" or the token alone')
    .option('--client-ca <file>', 'roots (PEM) of the client certificates that are admitted')
    .option('--allow-target <target>', 'let a private target through: a host, an address or a block', collect)
    .option('--deny-target <target>', 'refuse a target: a host, an address or a block', collect)
    .addOption(
      new Option(
        '--resolve <host=address>',
        "the address of a name, in the name server's place; may be repeated",
      ).argParser(collectAddress),
    )
    .addOption(
      new Option(
        '--allow-port <port>',
        'ports of targets, or "any" (default: TLS ports, and all from 1024)',
      ).argParser(collectPort),
    )
    .addOption(
      new Option(
        '--service <name>',
        'what the proxy does to content, in this order: transcode, compress or ./my-service.js; may be repeated',
      ).argParser(collectService),
    )
    .addOption(
      new Option(
        '--device <device>',
        `transcode for this device, whatever clients say they are: ${DEVICES}`,
      ).argParser(deviceProfile),
    )
    .option(
      '--filter <file>',
      'refuse what an EasyList-style list names, and types and sizes by %deny-type and %max-bytes; may be repeated',
      collect,
    )
    .addOption(
      new Option(
        '--cache <store>',
        'keep what origins allow: memory, disk:DIRECTORY or redis://HOST:PORT',
      ).argParser(cacheStore),
    )
    .addOption(
      new Option('--cache-bytes <n>', 'most bytes kept in memory or on disk (64M, 1G)').argParser(byteCount),
    )
    .addOption(new Option('--cache-entries <n>', 'most responses kept').argParser(wholeNumber))
    .addOption(
      new Option('--cache-object-bytes <n>', 'largest response that is kept (4M)').argParser(byteCount),
    )
    .option('--no-cache-share', 'let no client have what another one fetched, public or not')
    .addOption(
      new Option('--hold-time <seconds>', 'how long what waits for its delivery may wait').argParser(seconds),
    )
    .addOption(
      new Option('--undelivered <what>', 'what becomes of a mirror session that is never delivered')
        .choices(['relay', 'close'])
        .default('relay'),
    )
    .option(
      '--require-delegation',
      'let no application data pass before its session is delivered, and refuse blind tunnels',
    )
    .option('--legacy', 'work on sessions of SSL 3.0 to TLS 1.1 and with RC4, DES and 3DES too')
    .addOption(
      new Option('--max-sessions <n>', 'sessions of one client at once').argParser((text) => count(text)),
    )
    .addOption(
      new Option('--log-level <level>', 'what is logged to standard error')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
    .option('--json', 'say where it listens as one JSON object')
    .action(async (options: ProxyCommandOptions) => {
      const proxy = await startProxy(options);
      // Whoever reads that it listens may tell it to stop at once.
      const stopped = stopSignal();
      announce(proxy.address!, options);
      await stopped;
      await proxy.close({ grace: 5000 });
    });
}

/** A listening proxy. Throws DeputyError with what to do next. */
export async function startProxy(options: ProxyCommandOptions): Promise<ProxyServer> {
  const proxy = makeProxy(await proxyOptions(options));
  const { host, port } = options.listen;
  try {
    await proxy.listen(port, host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DeputyError(
      'CANNOT_LISTEN',
      `${authority(host, port)} can't be listened on (${code}): is it taken, or not an address of this machine?`,
    );
  }
  return proxy;
}

async function proxyOptions(options: ProxyCommandOptions): Promise<ProxyOptions> {
  const { cert, key, plaintext, tokenFile, clientCa, allowPort } = options;
  if (plaintext !== true && (cert === undefined || key === undefined)) {
    throw new DeputyError(
      'NO_CERTIFICATE',
      'a proxy needs --cert and --key, or --plaintext for blind tunnels only',
    );
  }
  if (tokenFile === undefined && clientCa === undefined) {
    throw new DeputyError('NO_ADMISSION', 'say who may use the proxy: --token-file, --client-ca or both');
  }
  const log = (await import('./proxy_log.js')).logTo(process.stderr, options.logLevel);
  return {
    ...(plaintext !== true && {
      tls: { certificate: textFile(cert!, '--cert'), key: textFile(key!, '--key') },
    }),
    ...(plaintext === true && { plaintext }),
    ...(tokenFile !== undefined && { tokens: parseTokens(textFile(tokenFile, '--token-file')) }),
    ...(clientCa !== undefined && { clientAuthorities: [textFile(clientCa, '--client-ca')] }),
    targets: {
      allow: options.allowTarget ?? [],
      deny: options.denyTarget ?? [],
      ...(options.resolve !== undefined && { addresses: options.resolve }),
      ...(allowPort !== undefined && {
        ports: allowPort.includes('any') ? ('any' as const) : (allowPort as number[]),
      }),
    },
    services: await loadServices(options, log),
    undelivered: options.undelivered,
    ...(options.requireDelegation && { requireDelegation: true }),
    ...(options.legacy && {
      legacy: await (await import('../platform/node/record_engine.js')).loadRecordEngine(),
    }),
    limits: {
      ...(options.holdTime !== undefined && { deliveryTimeout: options.holdTime }),
      ...(options.maxSessions !== undefined && { sessionsPerPrincipal: options.maxSessions }),
    },
    log,
  };
}

/** One token a line; `#` begins a comment. A token without a name is named after its line. */
export function parseTokens(text: string): { name: string; token: string }[] {
  const tokens: { name: string; token: string }[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const entry = line.trim();
    if (entry === '' || entry.startsWith('#')) continue;
    const match = /^(?:([^:\s]+):)?([A-Za-z0-9\-._~+/]+=*)$/.exec(entry);
    if (match === null) {
      throw new DeputyError(
        'BAD_TOKEN_FILE',
        `line ${index + 1} of --token-file is neither "name:token" nor a token`,
      );
    }
    tokens.push({ name: match[1] ?? `line-${index + 1}`, token: match[2]! });
  }
  if (tokens.length === 0)
    throw new DeputyError('BAD_TOKEN_FILE', '--token-file holds no token: write one a line');
  return tokens;
}

function makeProxy(options: ProxyOptions): ProxyServer {
  try {
    return createProxy(options);
  } catch (error) {
    throw new DeputyError('BAD_OPTIONS', `the proxy can't be set up: ${(error as Error).message}`);
  }
}

function announce(address: { host: string; port: number }, options: ProxyCommandOptions): void {
  const where = authority(address.host, address.port);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ listening: address, services: serviceNames(options) })}\n`);
    return;
  }
  const scheme = options.plaintext ? 'http' : 'https';
  process.stdout.write(`deputy proxy listens on ${scheme}://${where}\n`);
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve());
  });
}

/** Port 0 is a port to listen on, if not one to connect to. */
function listenAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new InvalidArgumentError('Write HOST:PORT, or [ADDRESS]:PORT for IPv6.');
  return { host: match[1] ?? match[2]!, port };
}

const collect = (text: string, before: string[] = []) => [...before, text];

function collectAddress(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [host = '', address = ''] = text.split('=');
  if (host === '' || isIP(address) === 0) throw new InvalidArgumentError('Write HOST=ADDRESS.');
  return { ...before, [host.toLowerCase()]: address };
}

function collectPort(text: string, before: ('any' | number)[] = []): ('any' | number)[] {
  if (text === 'any') return [...before, text];
  return [...before, count(text)];
}

const wholeNumber = (text: string) => count(text, Number.MAX_SAFE_INTEGER);

function count(text: string, most = 65_535): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new InvalidArgumentError('Write a whole number.');
  return value;
}
