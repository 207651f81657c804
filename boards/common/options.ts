// The command line of the client on a board: a part of `deputy get`, without the files and services of a desk.

import { keptSettings } from '../../host/client/management/device_manager.js';
import { type ClientOptions, RECORD_LIMITS } from '../../host/client/options.js';
import { isRootList } from '../../host/client/tls/root_list.js';
import { DeputyError } from '../../host/delegation/error.js';
import { parseGrant } from '../../host/delegation/grant.js';
import { authority, parseAuthority, parseOriginPattern } from '../../host/delegation/origin.js';
import type { PolicyRule } from '../../host/delegation/policy.js';
import { decodeUtf8 } from '../../host/delegation/text.js';
import { Version } from '../../host/tls/numbers.js';
import type { Native } from './native.js';
import { BUILT_AT, FIRMWARE } from './release.js';
import { parseUrl } from './url.js';

export const USAGE = `Usage: get URL… [options]
       browse URL [options]  on a board with a screen: shows the page, and what its links lead to

  --proxy HOST:PORT     the proxy to admit
  --proxy-ca FILE       root certificates that its certificate must lead to
  --proxy-name NAME     the name in its certificate, where it is not the host of --proxy
  --token TOKEN         bearer token for the proxy
  --ca FILE             root certificates that the origins' certificates must lead to, or a file of roots
  --grant GRANT         none, observe, epoch, session (default), resume or full
  --allow PATTERN       a further origin that redirects may lead to
  --allow-tunnel PATTERN  an origin that the proxy may ask for, for parts of the page
  --direct              go to the origins without a proxy
  --tls VERSION         only this version toward origins: 1.2 or 1.3
  --record-limit BYTES  ask origins for records this short, to save memory
  --cert FILE, --key FILE  client certificate for origins that ask for one
  --device NAME, --manage-key FILE  obey orders for this device that are signed by the key (public, PEM)
  --time-key FILE       the key (public, PEM) that a board without a clock believes the time of
  --timeout SECONDS     for each wait: a connection, a handshake, an answer, more of it
  --resolve NAME=ADDRESS  the address of a name that the network does not know
  --repeat N            fetch that often
  --styles              tell the proxy that the device applies style sheets
  --steps               say each step of the exchange, as JSON
  --measure             say after each step how many nanoseconds it took, and the memory used
  --help                print this
`;

export interface BoardOptions {
  verb: 'get' | 'browse';
  urls: string[];
  client: Omit<ClientOptions, 'platform' | 'observer'>;
  resolve: Map<string, string>;
  repeat: number;
  styles: boolean;
  steps: boolean;
  measure: boolean;
}

/** Milliseconds without a byte of a page after which its origin counts as lost: nobody watches a board. */
const BODY_PATIENCE = 60_000;

const FLAGS = ['direct', 'measure', 'steps', 'styles'];
const VALUES = [
  ...[
    'proxy',
    'proxy-ca',
    'proxy-name',
    'token',
    'ca',
    'grant',
    'allow',
    'allow-tunnel',
    'tls',
    'record-limit',
    'cert',
    'key',
  ],
  ...['timeout', 'resolve', 'repeat', 'device', 'manage-key', 'time-key'],
];

/** What an order may set: where the proxy is, but neither whom to trust nor how far. It goes before the command line. */
const SETTABLE = ['proxy', 'proxy-name', 'timeout', 'tls'];

const wrong = (text: string) => new DeputyError('USAGE', text);

/** Throws USAGE for what is written wrongly, FILE_UNREADABLE for a file that is not there. */
export function parseOptions(
  native: Pick<Native, 'arguments' | 'file' | 'screen' | 'storage'>,
): BoardOptions {
  const given = collect(native.arguments);
  const kept = native.storage ? keptSettings(native.storage) : [];
  for (const [name, value] of kept) if (SETTABLE.includes(name)) given.options.set(name, [value]);
  const last = (name: string) => given.options.get(name)?.at(-1);
  const file = (name: string): Uint8Array | undefined => {
    const path = last(name);
    const bytes = path === undefined ? undefined : native.file(path);
    if (path !== undefined && bytes === undefined)
      throw new DeputyError('FILE_UNREADABLE', `--${name}: ${path} can't be read`);
    return bytes;
  };
  const text = (name: string): string | undefined => {
    const bytes = file(name);
    return bytes && decodeUtf8(bytes);
  };
  const [verb, ...urls] = given.words;
  if ((verb !== 'get' && verb !== 'browse') || urls.length === 0) throw wrong('say what to get');
  if (verb === 'browse' && native.screen === undefined) throw wrong('this board has no screen to browse on');
  if (verb === 'browse' && urls.length > 1) throw wrong('browse begins with one page');
  for (const url of urls) if (parseUrl(url)?.protocol !== 'https:') throw wrong(`'${url}' is no https: URL`);
  const trusted = file('ca') ?? missing('--ca FILE is missing: the origins must be verified');
  const roots = isRootList(trusted) ? trusted : decodeUtf8(trusted);
  const certificate = text('cert');
  const key = text('key');
  if ((certificate === undefined) !== (key === undefined)) throw wrong('--cert and --key go together');
  const tls = version(last('tls'));
  const recordLimit = count(last('record-limit'), 'record-limit');
  const { least, most } = RECORD_LIMITS;
  if (recordLimit !== undefined && (recordLimit < least || recordLimit > most))
    throw wrong(`--record-limit is ${least} to ${most}`);
  const timeout = count(last('timeout'), 'timeout');
  const management = managed(last('device'), text('manage-key'), text('time-key'));
  return {
    verb,
    urls,
    client: {
      roots,
      ...(last('direct') === undefined && { proxy: proxy(last, text('proxy-ca')) }),
      policy: {
        rules: rules(urls, given.options),
        undelegated: last('grant') === 'none' ? 'tunnel' : 'fail',
      },
      ...(management && { management }),
      tls: { ...(tls && { minVersion: tls, maxVersion: tls }), ...(recordLimit && { recordLimit }) },
      ...(certificate && key && { identity: { certificate, key } }),
      timeouts: timeout ? patience(timeout * 1000) : { body: BODY_PATIENCE },
    },
    resolve: addresses(given.options.get('resolve') ?? []),
    repeat: count(last('repeat'), 'repeat') ?? 1,
    styles: last('styles') !== undefined,
    steps: last('steps') !== undefined,
    measure: last('measure') !== undefined,
  };
}

function collect(words: readonly string[]): { words: string[]; options: Map<string, string[]> } {
  const options = new Map<string, string[]>();
  const plain: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith('--')) {
      plain.push(word);
      continue;
    }
    const name = word.slice(2);
    const value = FLAGS.includes(name) ? '' : VALUES.includes(name) ? words[++i] : undefined;
    if (value === undefined) throw wrong(`${word} is no option, or misses its value`);
    options.set(name, [...(options.get(name) ?? []), value]);
  }
  return { words: plain, options };
}

function proxy(last: (name: string) => string | undefined, roots: string | undefined) {
  const place = parseAuthority(last('proxy') ?? '');
  if (place === undefined) throw wrong('name the proxy with --proxy HOST:PORT, or go --direct');
  const serverName = last('proxy-name');
  const token = last('token');
  return {
    ...place,
    roots: roots ?? missing('--proxy-ca FILE is missing: the proxy must be verified'),
    ...(serverName && { serverName }),
    ...(token && { token }),
  };
}

function managed(device: string | undefined, key: string | undefined, timeKey: string | undefined) {
  if (device === undefined && key === undefined && timeKey === undefined) return undefined;
  if (device === undefined || key === undefined) throw wrong('--device and --manage-key go together');
  return { device, firmware: FIRMWARE, key, builtAt: BUILT_AT, ...(timeKey !== undefined && { timeKey }) };
}

/** Naming a URL and a proxy admits that proxy to that origin, for the page and for what the page has there; and to no other. */
function rules(urls: readonly string[], options: ReadonlyMap<string, string[]>): PolicyRule[] {
  const decision = options.get('grant')?.at(-1) ?? 'session';
  const isGrant = (text: string): text is Exclude<PolicyRule['decision'], 'ask' | 'deny'> =>
    parseGrant(text) !== undefined;
  if (decision === 'none') return [];
  if (!isGrant(decision)) throw wrong(`'${decision}' is no grant`);
  const ruled = (origins: readonly string[], more: Pick<PolicyRule, 'asker'> = {}): PolicyRule[] =>
    origins.map((origin) => {
      if (parseOriginPattern(origin) === undefined) throw wrong(`'${origin}' is no origin pattern`);
      return { origin, decision, ...more };
    });
  const named = urls.map((url) => parseUrl(url)!).map(({ host, port }) => authority(host, port));
  return [
    ...ruled([...named, ...(options.get('allow') ?? [])]),
    ...ruled(options.get('allow-tunnel') ?? [], { asker: 'tunnel' }),
  ];
}

const patience = (milliseconds: number) => ({
  connect: milliseconds,
  handshake: milliseconds,
  active: milliseconds,
  response: milliseconds,
  body: milliseconds,
});

function addresses(pairs: readonly string[]): Map<string, string> {
  return new Map(
    pairs.map((pair) => {
      const [name, address] = pair.split('=');
      if (!name || !address) throw wrong('write --resolve NAME=ADDRESS');
      return [name, address];
    }),
  );
}

function version(text: string | undefined): Version.Tls12 | Version.Tls13 | undefined {
  if (text === undefined) return undefined;
  if (text === '1.2') return Version.Tls12;
  if (text === '1.3') return Version.Tls13;
  throw wrong('--tls is 1.2 or 1.3');
}

function count(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000) throw wrong(`--${name} is a whole number`);
  return value;
}

function missing(what: string): never {
  throw wrong(what);
}
