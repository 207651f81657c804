// `deputy subscribe`: has a proxy fetch pages while this device is away.
import { Command, Option } from 'commander';
import { USES_LIMIT } from '../delegation/policy.js';
import type { DailyWindow } from '../delegation/subscription.js';
import { SUBSCRIPTION_TARGETS } from '../delegation/subscription.js';
import { DeputyClient, type SubscriptionStatus } from '../index.js';
import { parseUrl } from '../platform/node/platform.js';
import { count, dailyWindow, headerLine, interval } from './arguments.js';
import {
  addOriginFlags,
  addProxyFlags,
  type ClientFlags,
  checkProxyFlags,
  clientOptions,
  deviceFlag,
} from './client_options.js';

interface SubscribeCommandOptions extends Omit<ClientFlags, 'grant' | 'uses'> {
  header?: [string, string][];
  json?: boolean;
  every: number;
  uses: number;
  window?: DailyWindow;
  list?: boolean;
  end?: string;
}

export function subscribeCommand(): Command {
  const command = new Command('subscribe')
    .description(
      'Have the proxy fetch https: URLs of one origin on schedule, and find them in its cache later.',
    )
    .argument('[urls...]', `what to fetch, ${SUBSCRIPTION_TARGETS} at most; the first is fetched now`);
  return addOriginFlags(addProxyFlags(command))
    .addOption(
      new Option('--every <interval>', 'from one round to the next: 30m, 6h, 1d')
        .argParser(interval)
        .default(6 * 3600, '6h'),
    )
    .addOption(
      new Option('--uses <n>', 'connections that the proxy may open, one a round and more for parts of pages')
        .argParser(count(USES_LIMIT))
        .default(20),
    )
    .addOption(
      new Option(
        '--window <from-to>',
        'when rounds may begin, in the time of this machine: 01:00-05:00',
      ).argParser(dailyWindow),
    )
    .option('--list', 'tell how subscriptions stand, and what was fetched since the last visit')
    .option('--end <id>', 'take a subscription back')
    .addOption(deviceFlag())
    .addOption(new Option('-H, --header <line>', 'a request header, "Name: value"').argParser(headerLine))
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (urls: string[], options: SubscribeCommandOptions, command: Command) => {
      const wrong = (message: string) => command.error(`error: ${message}`, { exitCode: 2 });
      checkProxyFlags(options, command);
      const asks = options.list || options.end !== undefined;
      if (asks === urls.length > 0) wrong('name URLs, or ask with --list or --end ID');
      if (urls.length > SUBSCRIPTION_TARGETS) wrong(`${SUBSCRIPTION_TARGETS} URLs at most`);
      if (urls.some((url) => parseUrl(url)?.protocol !== 'https:')) wrong('subscribe to https: URLs');
      if (options.end !== undefined && !/^[0-9a-f]{32}$/.test(options.end))
        wrong('--end wants an id of --list');
      process.exitCode = await subscribe(urls, options);
    });
}

const EXAMPLES = `
The origin's tickets must live longer than --every: TLS servers' often live for hours, some for minutes; the proxy says
so at once. The proxy holds subscriptions in memory alone: they end when it stops. What it fetches is yours alone in its
cache, and is used as long as the origin's headers allow.

Examples:
  deputy subscribe https://news.example/ --every 6h --uses 20 --proxy proxy.example:8443 --proxy-ca proxy.pem --ca roots.pem
  deputy subscribe --list --proxy proxy.example:8443 --proxy-ca proxy.pem --ca roots.pem

Exit codes: 0 ok, 1 failed, 2 wrong usage.`;

/** The result is the exit code. */
async function subscribe(urls: string[], options: SubscribeCommandOptions): Promise<number> {
  const first = urls[0] === undefined ? undefined : parseUrl(urls[0]);
  const grant = first === undefined ? ('none' as const) : ('resume' as const);
  const origin = first ?? { host: '', port: 443 };
  const client = new DeputyClient(clientOptions(origin, { ...options, grant }, undefined));
  try {
    const statuses = await act(client, urls, options);
    if (options.json) print({ ok: true, subscriptions: statuses.map(shown) });
    else process.stdout.write(statuses.map(line).join('') || 'no subscriptions\n');
    return 0;
  } catch (error) {
    if (!options.json) throw error;
    const { code = 'FAILED', message } = error as { code?: string; message: string };
    print({ ok: false, error: { code, message } });
    return 1;
  } finally {
    await client.close();
  }
}

async function act(
  client: DeputyClient,
  urls: string[],
  { every, window, header, end }: SubscribeCommandOptions,
): Promise<SubscriptionStatus[]> {
  const [first, ...more] = urls;
  if (first !== undefined) {
    const wish = { every, ...(window && { window }), headers: header ?? [] };
    return [await client.subscribe([first, ...more], wish)];
  }
  if (end !== undefined) await client.unsubscribe(end);
  return client.subscriptions();
}

const shown = ({ receipts, ...status }: SubscriptionStatus) => ({
  ...status,
  fetched: receipts.map(({ response, status, services, bytesBefore, bytesAfter, hash }) => ({
    number: response,
    status,
    services,
    bytesBefore,
    bytesAfter,
    hash: Buffer.from(hash).toString('hex'),
  })),
});

function line({ id, code, text, next, left, receipts }: SubscriptionStatus): string {
  const came = receipts.filter(({ status }) => status !== 0).length;
  const fetched =
    receipts.length === 0 ? '' : `, ${came} of ${receipts.length} addresses fetched since the last visit`;
  const state = code === '' ? `next round in ${next} s, ${left} connections left` : `over: ${text} (${code})`;
  return `${id}  ${state}${fetched}\n`;
}

const print = (object: unknown) => process.stdout.write(`${JSON.stringify(object, null, 2)}\n`);
