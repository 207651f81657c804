// `deputy proxy`: runs the proxy until it is stopped.
import { Command, Option } from 'commander';
import { DeputyError } from '../delegation/error.js';
import { authority } from '../delegation/origin.js';
import { configSchema, printConfig, readConfig } from './proxy/config.js';
import { camelCase } from './proxy/option.js';
import { addFlags, DEFAULTS, ENTRIES, type ProxyCommandOptions } from './proxy/options.js';
import { type Announced, runProxy } from './proxy/run.js';
import { serviceNames } from './services.js';

interface Asked {
  config?: string;
  printConfig?: boolean;
  checkConfig?: boolean;
  printSchema?: boolean;
}

export function proxyCommand(): Command {
  const command = new Command('proxy').description(
    'Run a proxy that clients can admit into their TLS sessions.',
  );
  command
    .option('--config <file>', 'YAML or JSON with any of the options below; flags go before it')
    .option('--check-config', 'read all that is configured, say what is wrong, and end')
    .option('--print-config', 'print what is configured in all, without secrets, and end')
    .addOption(new Option('--print-schema', 'print the JSON schema of --config, and end'));
  command.addHelpText('after', SIGNALS);
  return addFlags(command).action(async (asked: Asked) => {
    if (asked.printSchema) return print(`${JSON.stringify(configSchema(), null, 2)}\n`);
    const options = effectiveOptions(command);
    if (asked.printConfig) return print(printConfig(options));
    if (asked.checkConfig) return check(options);
    process.exitCode = await runProxy(options, () => effectiveOptions(command), announce);
  });
}

const SIGNALS = `
SIGTERM or SIGINT: takes no more clients, lets exchanges end for --grace seconds, then ends; a second one ends at once.
SIGHUP: reads --config and what it names anew: certificate, tokens, authorities, filter lists, limits, log level.
Exit codes: 0 ended with nothing cut short, 1 failed or cut something short, 2 wrong usage.`;

/** The flags of a parsed command, over what its file says, over the defaults. Throws DeputyError. */
export function effectiveOptions(command: Command): ProxyCommandOptions {
  const { config } = command.opts<Asked>();
  const flags = ENTRIES.map(([name]) => camelCase(name)).filter(
    (name) => command.getOptionValueSource(name) === 'cli',
  );
  return {
    ...DEFAULTS,
    ...(config !== undefined && readConfig(config)),
    ...Object.fromEntries(flags.map((name) => [name, command.getOptionValue(name)])),
  } as ProxyCommandOptions;
}

async function check(options: ProxyCommandOptions): Promise<void> {
  const { problems } = await import('./proxy/check.js');
  const found = await problems(options);
  if (found.length > 0) throw new DeputyError('BAD_OPTIONS', found.join('\ndeputy: '));
  print('the configuration is right\n');
}

function announce({ address, admin }: Announced, options: ProxyCommandOptions): void {
  const where = authority(address.host, address.port);
  if (options.json) {
    const services = serviceNames(options);
    print(`${JSON.stringify({ listening: address, services, ...(admin !== undefined && { admin }) })}\n`);
    return;
  }
  print(`deputy proxy listens on ${options.plaintext ? 'http' : 'https'}://${where}\n`);
  if (admin !== undefined) print(`the operator's page is ${admin}\n`);
}

function print(text: string): void {
  process.stdout.write(text);
}
