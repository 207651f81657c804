// Options that all commands of a client share: the proxy, whom to trust, and how far the proxy may go.

import { type Command, Option } from 'commander';
import type { Observer } from '../client/observer.js';
import type { CertificateAndKey, ProxyOptions } from '../client/options.js';
import type { DeviceProfile } from '../delegation/device.js';
import type { GrantName } from '../delegation/grant.js';
import { authority } from '../delegation/origin.js';
import { EXPIRES_LIMIT, type PolicyRule, USES_LIMIT } from '../delegation/policy.js';
import { POST_QUANTUM, type PostQuantum, type TlsVersion } from '../engine/tls.js';
import type { DeputyClientOptions } from '../index.js';
import { nodePlatform } from '../platform/node/platform.js';
import { systemRoots } from '../platform/node/system_roots.js';
import { ticketFile } from '../platform/node/ticket_file.js';
import type { Platform } from '../platform/platform.js';
import { Version } from '../tls/numbers.js';
import {
  addressOf,
  count,
  DEVICES,
  deviceProfile,
  grantOrNone,
  hostAndPort,
  recordLimit,
  rootsFile,
  textFile,
  tlsVersion,
} from './arguments.js';
import { SkippedRoots } from './skipped_roots.js';

/** How a proxy is reached, and who asks. */
export interface ProxyFlags {
  proxy?: { host: string; port: number };
  proxyCa?: string;
  proxyName?: string;
  proxyCert?: string;
  proxyKey?: string;
  token?: string;
}

export interface ClientFlags extends ProxyFlags {
  ca?: string;
  cert?: string;
  key?: string;
  grant: GrantName | 'none';
  /** Further connections that a grant allows. */
  uses?: number;
  /** Seconds. */
  expires?: number;
  allow?: string[];
  allowTunnel?: string[];
  undelegated?: boolean;
  engine?: 'wasm3' | 'v8';
  direct?: boolean;
  tls?: TlsVersion;
  legacy?: boolean;
  expiredRoots?: boolean;
  ticketFile?: string;
  postQuantum?: PostQuantum;
  recordLimit?: number;
  device?: DeviceProfile;
  /** Addresses of names (lower case), in the place of the name server's. */
  resolve?: Record<string, string>;
  trace?: boolean;
  timeout?: number;
}

export function addProxyFlags(command: Command): Command {
  return command
    .addOption(new Option('--proxy <host:port>', 'the proxy to admit').argParser(hostAndPort))
    .option('--proxy-ca <file>', "root certificates (PEM) that the proxy's certificate must lead to")
    .option('--proxy-name <name>', "the name in the proxy's certificate, where it is not the host of --proxy")
    .addOption(new Option('--token <token>', 'bearer token for the proxy').env('DEPUTY_TOKEN'))
    .option('--proxy-cert <file>', 'client certificate for the proxy (PEM, with its chain)')
    .option('--proxy-key <file>', 'its private key (PEM)');
}

/** What every command takes that goes to origins. */
export function addOriginFlags(command: Command): Command {
  return command
    .option(
      '--ca <file>',
      "root certificates (PEM), or a file of roots, that the origins' certificates must lead to (default: the system's)",
    )
    .addOption(
      new Option('--resolve <host=address>', 'the address of a name; may be repeated').argParser(addressOf),
    )
    .addOption(new Option('--engine <engine>', 'what runs the TLS engine').choices(['wasm3', 'v8']))
    .addOption(
      new Option(
        '--tls <version>',
        'only this version toward origins: 1.2 or 1.3; with --legacy ssl3, 1.0 or 1.1',
      ).argParser(tlsVersion),
    );
}

export const deviceFlag = (): Option =>
  new Option('--device <device>', `the device that content is made for: ${DEVICES}`).argParser(deviceProfile);

export function addClientFlags(command: Command): Command {
  return addOriginFlags(addProxyFlags(command))
    .option('--cert <file>', 'client certificate for origins that ask for one (PEM, with its chain)')
    .option('--key <file>', 'its private key (PEM)')
    .addOption(
      new Option('--grant <grant>', 'what the proxy gets: none, observe, epoch, session, resume or full')
        .argParser(grantOrNone)
        .default('session' as const),
    )
    .addOption(
      new Option('--uses <number>', 'with resume: further connections that the proxy may open (4)').argParser(
        count(USES_LIMIT),
      ),
    )
    .addOption(
      new Option('--expires <seconds>', 'when the grant ends by itself').argParser(count(EXPIRES_LIMIT)),
    )
    .option('--undelegated', 'go on end to end where the proxy does not take over')
    .option('--direct', 'go to the origin without a proxy, to compare')
    .option('--legacy', 'also what is old and weak toward origins: SSL 3.0 to TLS 1.1, RC4, DES, SHA-1, MD5')
    .addOption(
      new Option(
        '--post-quantum <when>',
        'X25519MLKEM768 toward proxy and origins: off, offered, or with its key share at once',
      ).choices(POST_QUANTUM),
    )
    .addOption(
      new Option(
        '--record-limit <bytes>',
        'ask origins for records this short (512 to 16384), to save memory; where that binds both sides the proxy may only observe',
      ).argParser(recordLimit),
    )
    .option('--expired-roots', 'take the roots of --ca whatever their dates say')
    .option('--ticket-file <file>', 'resume with the session tickets in this file, and keep new ones there')
    .option('--trace', 'explain the handshakes and the delivery byte by byte, on standard error');
}

/** Ends the command with exit code 2 where flags contradict each other. */
export function checkClientFlags(options: Omit<ClientFlags, 'grant'>, command: Command): void {
  const wrong = (message: string) => command.error(`error: ${message}`, { exitCode: 2 });
  if (options.direct && options.proxy) wrong('--direct and --proxy exclude each other');
  if (!options.direct && !options.proxy) wrong('name the proxy with --proxy HOST:PORT, or go --direct');
  if (options.tls && options.tls < Version.Tls12 && !options.legacy) wrong('this old a --tls needs --legacy');
  if ((options.cert === undefined) !== (options.key === undefined)) wrong('--cert and --key go together');
  if (options.proxy) checkProxyFlags(options, command);
}

/** The same for a command that always has a proxy. */
export function checkProxyFlags(options: ProxyFlags, command: Command): void {
  const wrong = (message: string) => command.error(`error: ${message}`, { exitCode: 2 });
  if (!options.proxy) wrong('name the proxy with --proxy HOST:PORT');
  if (!options.proxyCa) wrong('--proxy needs --proxy-ca FILE: the proxy must be verified');
  if ((options.proxyCert === undefined) !== (options.proxyKey === undefined)) {
    wrong('--proxy-cert and --proxy-key go together');
  }
}

/** Throws FILE_UNREADABLE. */
export function clientOptions(
  origin: { host: string; port: number },
  options: ClientFlags,
  observer: Observer | undefined,
): DeputyClientOptions {
  const { tls, legacy, expiredRoots, postQuantum, recordLimit } = options;
  return {
    roots: options.ca === undefined ? systemRoots() : rootsFile(options.ca, '--ca'),
    ...(!options.direct && { proxy: proxyOptions(options) }),
    ...(options.cert && { identity: identity(options.cert, options.key!, '--cert') }),
    policy: {
      rules: rules(origin, options),
      undelegated: options.undelegated || options.grant === 'none' ? 'tunnel' : 'fail',
    },
    ...((tls || legacy || expiredRoots || postQuantum || recordLimit) && {
      tls: {
        ...(legacy && { legacy }),
        ...(expiredRoots && { expiredRoots }),
        ...(postQuantum && { postQuantum }),
        ...(recordLimit && { recordLimit }),
        ...(tls && { minVersion: tls, maxVersion: tls }),
      },
    }),
    ...(options.device && { profile: options.device }),
    ...(options.ticketFile && { ticketStorage: ticketFile(options.ticketFile) }),
    ...(options.engine && { engine: options.engine }),
    ...(options.resolve && { platform: resolving(options.resolve, options.engine) }),
    ...(options.timeout && { timeouts: { response: options.timeout } }),
    observer: new SkippedRoots(observer, undefined, options.ca === undefined),
  };
}

/**
 * Naming an origin and a proxy on the command line admits that proxy to that origin, and to no other: for the page, and
 * for what the page has there.
 */
function rules(
  { host, port }: { host: string; port: number },
  { grant, uses, expires, allow = [], allowTunnel = [] }: ClientFlags,
): PolicyRule[] {
  if (grant === 'none') return [];
  const bounds = { ...(uses && { uses }), ...(expires && { expires }) };
  return [
    ...[authority(host, port), ...allow].map((origin) => ({ origin, decision: grant, ...bounds })),
    ...allowTunnel.map((origin) => ({ origin, decision: grant, ...bounds, asker: 'tunnel' as const })),
  ];
}

/** The platform with addresses of its own for some names. */
function resolving(addresses: Readonly<Record<string, string>>, engine: ClientFlags['engine']): Platform {
  const platform = nodePlatform(engine && { engine });
  return {
    ...platform,
    connect: (host, port, signal) => platform.connect(addresses[host.toLowerCase()] ?? host, port, signal),
  };
}

function proxyOptions(options: ClientFlags): ProxyOptions {
  const { host, port } = options.proxy!;
  return {
    host,
    port,
    roots: textFile(options.proxyCa!, '--proxy-ca'),
    ...(options.proxyName && { serverName: options.proxyName }),
    ...(options.token && { token: options.token }),
    ...(options.proxyCert && { identity: identity(options.proxyCert, options.proxyKey!, '--proxy-cert') }),
    ...(options.postQuantum && { postQuantum: options.postQuantum }),
  };
}

const identity = (certificate: string, key: string, option: string): CertificateAndKey => ({
  certificate: textFile(certificate, option),
  key: textFile(key, option.replace('cert', 'key')),
});
