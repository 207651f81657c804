// The options of `deputy proxy`. One entry is all that a new one needs: its name is the flag and the key in a
// configuration file, and the rest of the entry gives help, schema, default and type.
import { type Command, Option } from 'commander';
import { DEVICES } from '../arguments.js';
import { clients } from './client_limits.js';
import * as kind from './kinds.js';
import {
  camelCase,
  type DefaultValues,
  type Entry,
  flag,
  many,
  mapping,
  one,
  type Values,
} from './option.js';

export const OPTIONS = {
  listen: one(kind.listenAddress, '<host:port>', 'where to listen; port 0 takes a free one', {
    otherwise: { host: '127.0.0.1', port: 8443 },
  }),
  node: one(
    kind.listenAddress,
    '<host:port>',
    'where this one machine is reached, if it stands behind a balancer with others: WELCOME says it to clients',
  ),
  cert: one(kind.file, '<file>', "the proxy's certificate and its issuers (PEM)", { reloads: true }),
  key: one(kind.file, '<file>', 'its private key (PEM)', { reloads: true }),
  'time-key': one(kind.file, '<file>', 'private key (PEM) that signs the time for devices without a clock'),
  plaintext: flag('listen without TLS: blind tunnels only, nothing can be delegated'),
  'token-file': one(
    kind.file,
    '<file>',
    'tokens that admit clients: one a line, "name:token" or the token alone',
    { reloads: true },
  ),
  'client-ca': one(kind.file, '<file>', 'roots (PEM) of the client certificates that are admitted', {
    reloads: true,
  }),
  'origin-ca': one(
    kind.file,
    '<file>',
    "roots (PEM) by which the proxy judges origins' certificates itself (default: those of this machine)",
    { reloads: true },
  ),
  'allow-target': many(
    kind.target,
    '<target>',
    'let a private target through: a host, an address or a block',
  ),
  'deny-target': many(kind.target, '<target>', 'refuse a target: a host, an address or a block'),
  resolve: mapping(kind.ipAddress, '<host=address>', "the address of a name, in the name server's place"),
  'allow-port': many(
    kind.port,
    '<port>',
    'ports of targets, or "any" (default: TLS ports, and all from 1024)',
  ),
  service: many(
    kind.service,
    '<name>',
    'what the proxy does to content, in this order: transcode, compress, render or ./my-service.js',
  ),
  'trust-services': flag(
    "run services of files in the proxy's own process: faster, but one that loops or hoards memory takes it along",
  ),
  device: one(
    kind.device,
    '<device>',
    `transcode for this device, whatever clients say they are: ${DEVICES}`,
  ),
  filter: many(
    kind.file,
    '<file>',
    'refuse and hide what a list such as EasyList names, and refuse types and sizes by %deny-type and %max-bytes',
    { reloads: true },
  ),
  reader: flag("show a page's article alone, where it has one, with a link to the whole page"),
  'reader-link': flag('put a link to its article on each page'),
  browser: one(kind.file, '<file>', 'the Chromium of --service render; it is never downloaded'),
  'render-always': flag('render every page, not those alone that are empty before their scripts have run'),
  'render-host': many(kind.hostName, '<host>', 'render every page of this host and its subdomains'),
  leave: many(kind.hostName, '<host>', 'let no service change pages of this host and its subdomains'),
  cache: one(kind.store, '<store>', 'keep what origins allow: memory, disk:DIRECTORY or redis://HOST:PORT'),
  'cache-bytes': one(kind.bytes, '<n>', 'most bytes kept in memory or on disk (64M, 1G)'),
  'cache-entries': one(kind.wholeNumber(), '<n>', 'most responses kept'),
  'cache-object-bytes': one(kind.bytes, '<n>', 'largest response that is kept (4M)'),
  'cache-share': flag('let a client have what another one fetched, where it is public', { otherwise: true }),
  prefetch: flag('fetch what clients subscribed to while they are away; needs --cache, and one worker'),
  'prefetch-window': one(
    kind.window,
    '<from-to>',
    'begin rounds in these hours alone, in the time of this machine: 01:00-05:00',
  ),
  audit: one(
    kind.file,
    '<file>',
    "log what is requested and changed, each entry bearing the last one's hash",
  ),
  'audit-required': flag('end sessions rather than go on unlogged'),
  'audit-sync': one(
    kind.oneOf('always', 'second', 'never'),
    '<when>',
    'when the disk has an entry: before its session goes on, within a second, or when it likes',
    { otherwise: 'second' },
  ),
  'audit-rotate': one(kind.bytes, '<n>', 'set the log aside as FILE.1, FILE.2 … from this size (64M)'),
  'audit-header': many(kind.headerName, '<name>', 'log this header too'),
  'audit-query': flag('log the queries of URLs whole, not the names in them alone'),
  'hold-time': one(kind.duration, '<seconds>', 'how long what waits for its delivery may wait'),
  undelivered: one(
    kind.oneOf('relay', 'close'),
    '<what>',
    'what becomes of a mirror session that is never delivered',
    { otherwise: 'relay' },
  ),
  'require-delegation': flag(
    'let no application data pass before its session is delivered, and refuse blind tunnels',
  ),
  'allow-stream': many(
    kind.originPattern,
    '<host>',
    'with --require-delegation, let bytes that are no HTTP pass to this host (host:port, *.domain)',
  ),
  legacy: flag('work on sessions of SSL 3.0 to TLS 1.1 and with RC4, DES and 3DES too'),
  'max-sessions': one(kind.wholeNumber(65_535), '<n>', 'sessions and blind tunnels of one client at once', {
    reloads: true,
  }),
  'max-exchanges': one(kind.wholeNumber(65_535), '<n>', 'requests of one client under way at once', {
    reloads: true,
  }),
  'requests-per-second': one(
    kind.rate,
    '<n>',
    'requests of one client a second; more are answered with 429',
    {
      reloads: true,
    },
  ),
  'bytes-per-second': one(
    kind.bytes,
    '<n>',
    'bytes of one client a second, both ways; more of them wait (64K)',
    {
      reloads: true,
    },
  ),
  clients,
  'log-level': one(
    kind.oneOf('debug', 'info', 'warn', 'error', 'silent'),
    '<level>',
    'what is logged to standard error',
    { otherwise: 'info', reloads: true },
  ),
  'log-format': one(kind.oneOf('json', 'text'), '<format>', 'JSON lines, or text for people', {
    otherwise: 'json',
  }),
  grace: one(kind.duration, '<seconds>', 'how long what is under way may go on once the proxy stops', {
    otherwise: 5000,
  }),
  workers: one(
    kind.wholeNumber(256),
    '<n>',
    'processes that share the port, each with a cache in memory, limits and subscriptions of its own',
    {
      otherwise: 1,
    },
  ),
  admin: one(
    kind.listenAddress,
    '<host:port>',
    "where this machine alone finds metrics, health and the operator's page",
  ),
  'admin-token-file': one(
    kind.file,
    '<file>',
    "the token of the operator's page, in the place of a new one each time",
  ),
  json: flag('say where it listens as one JSON object'),
};

export type ProxyCommandOptions = Values<typeof OPTIONS>;
export type OptionName = keyof typeof OPTIONS;

// Entries of different types are alike to those who go through all of them.
export const ENTRIES = Object.entries(OPTIONS) as unknown as [OptionName, Entry<unknown>][];

/** What holds where nothing is said. */
export const DEFAULTS = Object.fromEntries(
  ENTRIES.filter(([, entry]) => 'otherwise' in entry).map(([name, { otherwise }]) => [
    camelCase(name),
    otherwise,
  ]),
) as DefaultValues<typeof OPTIONS>;

/** Gives the command a flag for each entry. */
export function addFlags(command: Command): Command {
  for (const [name, entry] of ENTRIES) {
    if (entry.placeholder === null) continue;
    if (entry.placeholder === undefined) {
      const isOn = entry.otherwise === true;
      command.addOption(
        new Option(isOn ? `--no-${name}` : `--${name}`, isOn ? `don't ${entry.help}` : entry.help),
      );
      continue;
    }
    const option = new Option(`--${name} ${entry.placeholder}`, entry.help);
    option.argParser((text: string, before: unknown) => entry.fromFlag(text, before));
    if (entry.choices !== undefined) option.argChoices = [...entry.choices];
    if ('otherwise' in entry) option.default(entry.otherwise, String(entry.show(entry.otherwise)));
    command.addOption(option);
  }
  return command;
}
