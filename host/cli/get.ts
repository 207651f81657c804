// `deputy get`: fetches one URL through a proxy that this device admits into the session.
import { Command, Option } from 'commander';
import type { ClientResponse } from '../client/exchange.js';
import { headerOf } from '../client/http_head.js';
import type { Observer } from '../client/observer.js';
import type { CertificateAndKey, ProxyOptions } from '../client/options.js';
import type { DeviceProfile } from '../delegation/device.js';
import { type GrantName, grantName } from '../delegation/grant.js';
import { authority } from '../delegation/origin.js';
import type { PolicyRule } from '../delegation/policy.js';
import { toHex } from '../delegation/text.js';
import type { TlsVersion } from '../engine/tls.js';
import { DeputyClient, type DeputyClientOptions } from '../index.js';
import { parseUrl } from '../platform/node/platform.js';
import {
  DEVICES,
  deviceProfile,
  grantOrNone,
  headerLine,
  hostAndPort,
  originPatterns,
  seconds,
  textFile,
  tlsVersion,
} from './arguments.js';
import { withProgress, writeBody } from './output.js';
import { suiteName, versionName } from './trace/names.js';
import { Tracer } from './trace/tracer.js';

interface GetOptions {
  proxy?: { host: string; port: number };
  proxyCa?: string;
  proxyName?: string;
  proxyCert?: string;
  proxyKey?: string;
  token?: string;
  ca: string;
  cert?: string;
  key?: string;
  grant: GrantName | 'none';
  allow?: string[];
  allowTunnel?: string[];
  undelegated?: boolean;
  engine?: 'wasm3' | 'v8';
  direct?: boolean;
  tls?: TlsVersion;
  legacy?: boolean;
  profile?: DeviceProfile;
  header?: [string, string][];
  timeout?: number;
  trace?: boolean;
  output?: string;
  json?: boolean;
}

export function getCommand(): Command {
  return new Command('get')
    .description('Fetch an https: URL; the page goes to standard output.')
    .argument('<url>', 'what to fetch')
    .addOption(new Option('--proxy <host:port>', 'the proxy to admit').argParser(hostAndPort))
    .option('--proxy-ca <file>', "root certificates (PEM) that the proxy's certificate must lead to")
    .option('--proxy-name <name>', "the name in the proxy's certificate, where it is not the host of --proxy")
    .addOption(new Option('--token <token>', 'bearer token for the proxy').env('DEPUTY_TOKEN'))
    .option('--proxy-cert <file>', 'client certificate for the proxy (PEM, with its chain)')
    .option('--proxy-key <file>', 'its private key (PEM)')
    .requiredOption('--ca <file>', "root certificates (PEM) that the origins' certificates must lead to")
    .option('--cert <file>', 'client certificate for origins that ask for one (PEM, with its chain)')
    .option('--key <file>', 'its private key (PEM)')
    .addOption(
      new Option('--grant <grant>', 'what the proxy gets: none, observe, epoch, session, resume or full')
        .argParser(grantOrNone)
        .default('session' as const),
    )
    .addOption(
      new Option('--allow <pattern>', 'a further origin that redirects may lead to').argParser(
        originPatterns,
      ),
    )
    .addOption(
      new Option(
        '--allow-tunnel <pattern>',
        'an origin that the proxy may ask for, for parts of the page',
      ).argParser(originPatterns),
    )
    .option('--undelegated', 'go on end to end where the proxy does not take over')
    .addOption(new Option('--engine <engine>', 'what runs the TLS engine').choices(['wasm3', 'v8']))
    .option('--direct', 'go to the origin without a proxy, to compare')
    .addOption(
      new Option(
        '--tls <version>',
        'only this version toward origins: 1.2 or 1.3; with --legacy ssl3, 1.0 or 1.1',
      ).argParser(tlsVersion),
    )
    .option('--legacy', 'also what is old and weak toward origins: SSL 3.0 to TLS 1.1, RC4, DES, SHA-1, MD5')
    .addOption(new Option('--profile <profile>', `the device: ${DEVICES}`).argParser(deviceProfile))
    .addOption(new Option('-H, --header <line>', 'a request header, "Name: value"').argParser(headerLine))
    .addOption(new Option('--timeout <seconds>', 'for the answer of the origin').argParser(seconds))
    .option('--trace', 'explain the handshakes and the delivery byte by byte, on standard error')
    .option('-o, --output <file>', 'write the page to a file')
    .option('--json', 'print one JSON object instead of the page')
    .addHelpText('after', EXAMPLES)
    .action(async (url: string, options: GetOptions, command: Command) => {
      checkUsage(url, options, command);
      process.exitCode = await get(url, options);
    });
}

const EXAMPLES = `
Examples:
  deputy get https://www.example.com/ --proxy proxy.example:8443 --proxy-ca proxy.pem --ca roots.pem
  deputy get https://www.example.com/ --direct --ca roots.pem --trace -o page.html

Exit codes: 0 ok, 1 failed (also when the origin answers 400 or above), 2 wrong usage.
--allow, --allow-tunnel and --header may be given several times.`;

function checkUsage(url: string, options: GetOptions, command: Command): void {
  const wrong = (message: string) => command.error(`error: ${message}`, { exitCode: 2 });
  if (parseUrl(url)?.protocol !== 'https:') wrong(`'${url}' is no https: URL`);
  if (options.direct && options.proxy) wrong('--direct and --proxy exclude each other');
  if (!options.direct && !options.proxy) wrong('name the proxy with --proxy HOST:PORT, or go --direct');
  if (options.tls && options.tls < 0x0303 && !options.legacy) wrong('this old a --tls needs --legacy');
  if (options.proxy && !options.proxyCa) wrong('--proxy needs --proxy-ca FILE: the proxy must be verified');
  if ((options.cert === undefined) !== (options.key === undefined)) wrong('--cert and --key go together');
  if ((options.proxyCert === undefined) !== (options.proxyKey === undefined)) {
    wrong('--proxy-cert and --proxy-key go together');
  }
}

/** Fetches and writes; the result is the exit code. */
async function get(url: string, options: GetOptions): Promise<number> {
  const started = Date.now();
  const tracer = options.trace ? new Tracer((text) => process.stderr.write(text)) : undefined;
  const client = new DeputyClient(clientOptions(url, options, tracer));
  try {
    const response = await client.request(url, { headers: options.header ?? [] });
    const length = headerOf(response.headers, 'content-length');
    const body = withProgress(response.body, length === undefined ? undefined : Number(length));
    if (options.json) {
      const content = options.output === undefined ? await collect(body) : undefined;
      const bytes = content?.length ?? (await writeBody(body, options.output));
      const engine = await client.engine();
      print(summary(response, { bytes, engine: engine.kind, milliseconds: Date.now() - started, content }));
    } else {
      await writeBody(body, options.output);
    }
    tracer?.end();
    if (response.status < 400) return 0;
    process.stderr.write(`deputy: ${response.url} answered ${response.status} ${response.statusText}\n`);
    return 1;
  } catch (error) {
    tracer?.end();
    if (!options.json) throw error;
    const { code = 'FAILED', message } = error as { code?: string; message: string };
    print({ ok: false, url, error: { code, message } });
    return 1;
  } finally {
    await client.close();
  }
}

function clientOptions(
  url: string,
  options: GetOptions,
  observer: Observer | undefined,
): DeputyClientOptions {
  const { tls, legacy } = options;
  return {
    roots: textFile(options.ca, '--ca'),
    ...(!options.direct && { proxy: proxyOptions(options) }),
    ...(options.cert && { identity: identity(options.cert, options.key!, '--cert') }),
    policy: {
      rules: rules(url, options),
      undelegated: options.undelegated || options.grant === 'none' ? 'tunnel' : 'fail',
    },
    ...((tls || legacy) && {
      tls: { ...(legacy && { legacy }), ...(tls && { minVersion: tls, maxVersion: tls }) },
    }),
    ...(options.profile && { profile: options.profile }),
    ...(options.engine && { engine: options.engine }),
    ...(options.timeout && { timeouts: { response: options.timeout } }),
    ...(observer && { observer }),
  };
}

/** Naming a URL and a proxy on the command line admits that proxy to that origin, and to no other. */
function rules(url: string, { grant, allow = [], allowTunnel = [] }: GetOptions): PolicyRule[] {
  if (grant === 'none') return [];
  const { host, port } = parseUrl(url)!;
  return [
    ...[authority(host, port), ...allow].map((origin) => ({
      origin,
      decision: grant,
      asker: 'request' as const,
    })),
    ...allowTunnel.map((origin) => ({ origin, decision: grant, asker: 'tunnel' as const })),
  ];
}

function proxyOptions(options: GetOptions): ProxyOptions {
  const { host, port } = options.proxy!;
  return {
    host,
    port,
    roots: textFile(options.proxyCa!, '--proxy-ca'),
    ...(options.proxyName && { serverName: options.proxyName }),
    ...(options.token && { token: options.token }),
    ...(options.proxyCert && { identity: identity(options.proxyCert, options.proxyKey!, '--proxy-cert') }),
  };
}

const identity = (certificate: string, key: string, option: string): CertificateAndKey => ({
  certificate: textFile(certificate, option),
  key: textFile(key, option.replace('cert', 'key')),
});

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

interface Measured {
  bytes: number;
  engine: 'wasm3' | 'v8';
  milliseconds: number;
  content: Buffer | undefined;
}

/** The object of --json. `body` is text where it is UTF-8, else base64; it is left out with -o. */
function summary(response: ClientResponse, { bytes, engine, milliseconds, content }: Measured) {
  const { session } = response;
  return {
    ok: response.status < 400,
    url: response.url,
    status: response.status,
    headers: response.headers,
    bytes,
    milliseconds,
    engine,
    delegated: session.delegated,
    ...(session.grant !== undefined && { grant: grantName(session.grant) }),
    tlsVersion: versionName(session.tls.version),
    cipherSuite: suiteName(session.tls.cipherSuite),
    certificateHash: toHex(session.tls.certificateHash),
    receipts: session.receipts.map(({ services, bytesBefore, bytesAfter }) => ({
      services,
      bytesBefore,
      bytesAfter,
    })),
    ...(content && bodyOf(content)),
  };
}

function bodyOf(content: Buffer): { body: string } | { bodyBase64: string } {
  try {
    return { body: new TextDecoder('utf-8', { fatal: true }).decode(content) };
  } catch {
    return { bodyBase64: content.toString('base64') };
  }
}

const print = (object: unknown) => process.stdout.write(`${JSON.stringify(object, null, 2)}\n`);
