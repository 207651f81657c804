// The command line of `deputy`. One file a subcommand; this one only puts them together.
import { Command, CommanderError } from 'commander';
import { auditCommand } from './audit.js';
import { connectCommand } from './connect.js';
import { demoCommand } from './demo.js';
import { describe } from './describe.js';
import { deviceCommand } from './device.js';
import { gatewayCommand } from './gateway.js';
import { getCommand } from './get.js';
import { keylogCommand } from './keylog.js';
import { completionCommand, manualCommand } from './pages.js';
import { proxyCommand } from './proxy.js';
import { subscribeCommand } from './subscribe.js';
import { packageVersion } from './version.js';

/** Exit codes: 0 done, 1 failed, 2 used wrongly. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

export function deputyCommand(): Command {
  return new Command('deputy')
    .description(
      'Shake hands with the real HTTPS origin, then deputize a proxy to carry the work of the session.',
    )
    .version(packageVersion())
    .showHelpAfterError('Run with --help for the options.')
    .addCommand(getCommand())
    .addCommand(gatewayCommand())
    .addCommand(connectCommand())
    .addCommand(demoCommand())
    .addCommand(proxyCommand())
    .addCommand(subscribeCommand())
    .addCommand(keylogCommand())
    .addCommand(auditCommand())
    .addCommand(deviceCommand())
    .addCommand(completionCommand())
    .addCommand(manualCommand());
}

/** Runs the command line; the result is the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const command = deputyCommand();
  const settle = (each: Command) => {
    each.exitOverride();
    for (const child of each.commands) settle(child);
  };
  settle(command);
  try {
    await command.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    process.stderr.write(`deputy: ${describe(error)}\n`);
    return EXIT.failed;
  }
}
