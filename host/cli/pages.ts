// `deputy completion` and `deputy manual`: what shells and man(1) read, made of the same descriptions as --help.
import { Argument, Command } from 'commander';
import { completionScript, SHELLS, type Shell } from './completion.js';
import { describeCommand } from './described.js';
import { manualPage } from './manual.js';
import { packageVersion } from './version.js';

const EXAMPLES = `
Examples:
  eval "$(deputy completion bash)"
  deputy completion fish | source`;

export function completionCommand(): Command {
  return new Command('completion')
    .description('Print what completes this command line in a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
    .action((shell: Shell, _: unknown, command: Command) => {
      process.stdout.write(completionScript(describeCommand(rootOf(command)), shell));
    });
}

export function manualCommand(): Command {
  return new Command('manual')
    .description('Print the manual page: deputy manual | man -l -')
    .action((_: unknown, command: Command) => {
      const date = new Date(Number(process.env.SOURCE_DATE_EPOCH ?? Date.now() / 1000) * 1000);
      const page = manualPage(
        describeCommand(rootOf(command)),
        packageVersion(),
        date.toISOString().slice(0, 10),
      );
      process.stdout.write(page);
    });
}

const rootOf = (command: Command): Command => (command.parent === null ? command : rootOf(command.parent));
