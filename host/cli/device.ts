// `deputy device`: shows the devices of a proxy, and signs and sends the orders that they obey (R26).
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { isRootList } from '../client/tls/root_list.js';
import { FieldWriter } from '../delegation/bytes.js';
import { DeputyError } from '../delegation/error.js';
import {
  Command as DeviceCommand,
  EVERY_DEVICE,
  type Instruction,
  writeSigned,
} from '../delegation/order.js';
import type { DeviceView } from '../operator/view.js';
import { signOrder } from '../platform/node/order_signature.js';
import { bytesFile, signingKey, textFile } from './arguments.js';

const TOKEN = 'DEPUTY_ADMIN_TOKEN';

interface AdminFlags {
  admin: URL;
  adminTokenFile?: string;
  json?: boolean;
}

interface SignFlags {
  key: string;
  device: string;
  counter: number;
  out: string;
  roots?: string;
  setting?: [string, string][];
  notice?: string;
  forget?: boolean;
  json?: boolean;
}

export function deviceCommand(): Command {
  return new Command('device')
    .description('Show the devices of a proxy, and sign and send the orders that they obey.')
    .addCommand(listCommand())
    .addCommand(signCommand())
    .addCommand(sendCommand());
}

const addAdminFlags = (command: Command): Command =>
  command
    .addOption(
      new Option('--admin <url>', "the operator's listener of the proxy, http://127.0.0.1:PORT")
        .argParser(adminUrl)
        .makeOptionMandatory(),
    )
    .option(
      '--admin-token-file <file>',
      `its token; or the environment's ${TOKEN}, or in the address that the proxy printed`,
    )
    .option('--json', 'print one JSON object');

function listCommand(): Command {
  return addAdminFlags(
    new Command('list').description(
      'List devices: board, versions, memory at its peak, last order, last seen.',
    ),
  ).action(async (options: AdminFlags) => {
    const { devices } = (await ask(options, 'devices')) as { devices: DeviceView[] };
    process.stdout.write(
      options.json ? `${JSON.stringify({ devices })}\n` : devices.map(line).join('') || 'no devices\n',
    );
  });
}

function sendCommand(): Command {
  return addAdminFlags(
    new Command('send')
      .description('Send a signed order: devices that are there get it now, others when they come.')
      .argument('<file>', "what 'deputy device sign' has written"),
  ).action(async (path: string, options: AdminFlags) => {
    const answer = (await ask(options, 'devices/orders', bytesFile(path, 'FILE'))) as { devices: number };
    process.stdout.write(
      options.json
        ? `${JSON.stringify(answer)}\n`
        : `sent to ${answer.devices} devices; it waits for the others\n`,
    );
  });
}

function signCommand(): Command {
  return new Command('sign')
    .description('Sign an order with the management key. No proxy takes part.')
    .requiredOption('--key <file>', 'the private key (PEM): P-256 or Ed25519')
    .requiredOption('--device <name>', `the device that obeys, or '${EVERY_DEVICE}' for all of this key`)
    .addOption(
      new Option(
        '--counter <number>',
        "higher than that of each order before: devices obey none twice ('deputy device list' shows it)",
      )
        .argParser(counter)
        .makeOptionMandatory(),
    )
    .requiredOption('--out <file>', 'where the signed order goes')
    .option('--roots <file>', "new roots: a file that 'npm run roots' has made")
    .addOption(
      new Option('--setting <name=value>', 'a setting; may be repeated').argParser(
        (text: string, before: [string, string][] = []) => [...before, setting(text)],
      ),
    )
    .option('--notice <text>', 'a sentence for the user')
    .option('--forget', 'erase tickets and the token')
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((options: SignFlags, command: Command) => {
      const asked = [options.roots, options.setting, options.notice, options.forget];
      if (asked.filter((each) => each !== undefined).length !== 1)
        command.error('error: give one of --roots, --setting, --notice and --forget', { exitCode: 2 });
      const { device, counter: number, out } = options;
      const order = { device, counter: number, ...instruction(options) };
      const signed = signOrder(order, signingKey(options.key, '--key'));
      writeFileSync(out, writeSigned(new FieldWriter(), signed).finish(), { mode: 0o600 });
      const name = DeviceCommand[order.command].toLowerCase();
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ file: out, device, counter: number, command: name })}\n`
          : `${out}: ${name} for ${device}, number ${number}\n`,
      );
    });
}

const EXAMPLES = `
Orders are no secrets: clients that use a device's name may read them. A device obeys only what its firmware's key signed.

Examples:
  deputy device list --admin http://127.0.0.1:9090 --admin-token-file token
  deputy device sign --key management.pem --device '*' --counter 12 --roots roots.bin --out order
  deputy device send order --admin http://127.0.0.1:9090 --admin-token-file token`;

function instruction({ roots, setting: settings, notice }: SignFlags): Instruction {
  if (roots !== undefined) {
    const file = bytesFile(roots, '--roots');
    if (!isRootList(file))
      throw new DeputyError('BAD_ROOTS', `--roots: ${roots} is no file of roots: make one (npm run roots)`);
    return { command: DeviceCommand.Roots, roots: file };
  }
  if (settings !== undefined) return { command: DeviceCommand.Settings, settings };
  return notice === undefined
    ? { command: DeviceCommand.Forget }
    : { command: DeviceCommand.Notice, text: notice };
}

/** The token stands in no list of processes, unless the person wants it there. */
function tokenOf({ admin, adminTokenFile }: AdminFlags): string {
  const token =
    adminTokenFile === undefined
      ? (process.env[TOKEN] ?? admin.searchParams.get('token'))
      : textFile(adminTokenFile, '--admin-token-file').trim();
  if (token) return token;
  throw new DeputyError('BAD_ADMIN_TOKEN', `give the operator's token: --admin-token-file, or ${TOKEN}`);
}

/** Throws ADMIN_REFUSED, ADMIN_UNREACHABLE, or what the proxy says of the order. */
async function ask(options: AdminFlags, path: string, body?: Uint8Array): Promise<unknown> {
  const headers = { Authorization: `Bearer ${tokenOf(options)}` };
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: new Uint8Array(body) };
  const response = await fetch(new URL(path, options.admin.origin), { ...init, redirect: 'error' }).catch(
    (error) => {
      throw new DeputyError(
        'ADMIN_UNREACHABLE',
        `--admin ${options.admin.origin}: ${error.cause?.message ?? error.message}`,
      );
    },
  );
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  if (response.status !== 400)
    throw new DeputyError(
      'ADMIN_REFUSED',
      `--admin ${options.admin.origin} answered ${response.status}: ${text.trim()}`,
    );
  const { code, message } = JSON.parse(text) as { code: string; message: string };
  throw new DeputyError(code, message);
}

function adminUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:') throw new InvalidArgumentError('Write http://127.0.0.1:PORT.');
  return url;
}

function counter(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Write a whole number above 0.');
}

function setting(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write NAME=VALUE.');
  return [text.slice(0, at), text.slice(at + 1)];
}

function line(each: DeviceView): string {
  const { device, client, board, firmware, roots, memory, counter: last, isHere, seen, receipts } = each;
  const facts = [
    board,
    firmware && `firmware ${firmware}`,
    roots > 0 && `roots ${roots}`,
    memory > 0 && `${memory} KiB at its peak`,
    device !== '' && `order ${last}`,
    isHere ? 'here' : `seen ${new Date(seen).toISOString()}`,
  ];
  const done = receipts.map(
    ({ counter: number, command, code, text }) =>
      `  ${number} ${DeviceCommand[command]?.toLowerCase() ?? 'unreadable'}: ${code}${text && ` (${text})`}\n`,
  );
  return `${device || '(not managed)'} of ${client}: ${facts.filter(Boolean).join(', ')}\n${done.join('')}`;
}
