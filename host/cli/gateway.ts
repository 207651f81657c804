// `deputy gateway`: a plain HTTP proxy beside an old device, whose browser then reads HTTPS sites.
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { DeviceProfile } from '../delegation/device.js';
import { authority } from '../delegation/origin.js';
import type { PolicyRule } from '../delegation/policy.js';
import { OWN_HOST } from '../gateway/address.js';
import { PROFILES } from '../gateway/browsers.js';
import { Gateway, type GatewayOptions } from '../gateway/gateway.js';
import { addPerson } from '../gateway/people.js';
import type { PlainRule } from '../gateway/site.js';
import { DeputyClient } from '../index.js';
import { DEVICES, deviceProfile } from './arguments.js';
import { addClientFlags, type ClientFlags, checkClientFlags, clientOptions } from './client_options.js';
import { listenAddress } from './proxy/kinds.js';
import { StopSignals } from './proxy/run.js';

interface GatewayFlags extends ClientFlags {
  listen: { host: string; port: number };
  plain: PlainRule;
  profile?: DeviceProfile;
  allowClients?: string[];
  allowTarget?: string[];
  folder?: string;
  tunnels: boolean;
  addPerson?: string;
  quiet?: boolean;
}

const collect = (text: string, before: readonly string[] = []): string[] => [...before, text];

export function gatewayCommand(): Command {
  const command = new Command('gateway').description(
    'Let any old browser read HTTPS sites: it asks here by plain HTTP, and this machine checks the certificates.',
  );
  return addClientFlags(command)
    .addOption(
      new Option('--listen <host:port>', 'where the browser finds it')
        .argParser((text) => listenAddress.parse(/^\d+$/.test(text) ? `127.0.0.1:${text}` : text))
        .default({ host: '127.0.0.1', port: 8080 }, '127.0.0.1:8080'),
    )
    .addOption(
      new Option(
        '--allow-clients <network>',
        'devices that may use it, beside this machine: 192.168.1.0/24',
      ).argParser(collect),
    )
    .addOption(
      new Option('--plain <rule>', 'sites that have no HTTPS')
        .choices(['ask', 'allow', 'deny'])
        .default('ask'),
    )
    .addOption(
      new Option(
        '--profile <profile>',
        `what pages are made for, whatever the browser says: ${DEVICES}`,
      ).argParser((text) => PROFILES.get(text) ?? deviceProfile(text)),
    )
    .option('--folder <folder>', 'keep people, cookies and choices there, readable by you alone')
    .option(
      '--add-person <name>',
      'add a person to --folder, with the password from standard input; then end',
    )
    .option('--no-tunnels', 'refuse CONNECT, which passes bytes blindly')
    .addOption(
      new Option(
        '--allow-target <target>',
        'a private host or network that CONNECT and sites without HTTPS may reach',
      ).argParser(collect),
    )
    .option('--quiet', 'say nothing of requests that failed')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: GatewayFlags, command: Command) => {
      if (flags.addPerson !== undefined) {
        if (flags.folder === undefined)
          command.error('error: --add-person needs --folder FOLDER', { exitCode: 2 });
        addPerson(flags.folder as string, flags.addPerson, readFileSync(0, 'utf8').replace(/\r?\n$/, ''));
        return;
      }
      checkClientFlags(flags, command);
      await runGateway(flags);
    });
}

const EXAMPLES = `
Examples:
  deputy gateway --proxy proxy.example:8443 --proxy-ca proxy.pem --ca roots.pem
  deputy gateway --listen 192.168.1.5:8080 --allow-clients 192.168.1.0/24 --folder ~/.deputy …

Set the browser's HTTP proxy to that address, and open http://deputy/ for the start page. A browser without a
proxy setting opens http://127.0.0.1:8080/https/www.example.com/ instead.
--allow-clients and --allow-target may be given several times. What is kept in --folder is protected by the rights of
its files alone.`;

async function runGateway(flags: GatewayFlags): Promise<void> {
  const base = clientOptions({ host: '*', port: 443 }, flags, undefined);
  const rules: PolicyRule[] = flags.grant === 'none' ? [] : [{ origin: '*', decision: flags.grant }];
  const options: GatewayOptions = {
    client: ({ person, profile, policy, observer }) =>
      new DeputyClient({
        ...base,
        ...(base.proxy && { proxy: { ...base.proxy, ...(person.token && { token: person.token }) } }),
        profile,
        policy,
        observer,
      }),
    rules,
    undelegated: Boolean(flags.undelegated || flags.direct || flags.grant === 'none'),
    plain: flags.plain,
    networks: flags.allowClients ?? [],
    tunnels: flags.tunnels,
    targets: { allow: flags.allowTarget ?? [] },
    ...(flags.proxy && { proxy: authority(flags.proxy.host, flags.proxy.port) }),
    ...(flags.profile && { profile: flags.profile }),
    ...(flags.folder && { folder: flags.folder }),
    ...(!flags.quiet && { log: (line) => process.stderr.write(`deputy: ${line}\n`) }),
  };
  const gateway = new Gateway(options);
  const signals = new StopSignals();
  const { host, port } = await gateway.listen(flags.listen.host, flags.listen.port);
  process.stdout.write(`gateway ready on ${authority(host, port)}; start page: http://${OWN_HOST}/\n`);
  await signals.first;
  await gateway.close();
}
