// The commands and their options as they describe themselves, for pages and shells that tell of them.
import type { Command, Option } from 'commander';

export interface DescribedOption {
  /** `--output`, and `-o` where there is one. */
  names: readonly string[];
  /** `<file>`; undefined for a switch. */
  placeholder: string | undefined;
  description: string;
  choices: readonly string[];
  defaultValue: string | undefined;
}

export interface DescribedCommand {
  /** `deputy audit verify`, as it is typed. */
  name: string;
  description: string;
  /** `<url>`, `[program...]`. */
  arguments: readonly { name: string; description: string }[];
  options: readonly DescribedOption[];
  commands: readonly DescribedCommand[];
}

export function describeCommand(command: Command, above = ''): DescribedCommand {
  const name = `${above} ${command.name()}`.trim();
  return {
    name,
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => {
      const dots = argument.variadic ? '...' : '';
      const [open, close] = argument.required ? '<>' : '[]';
      return { name: `${open}${argument.name()}${dots}${close}`, description: argument.description };
    }),
    options: command.options.filter(({ hidden }) => !hidden).map(describeOption),
    commands: command.commands.map((child) => describeCommand(child, name)),
  };
}

function describeOption(option: Option): DescribedOption {
  const { short, long, flags, description, argChoices, defaultValue, defaultValueDescription } = option;
  return {
    names: [short, long].filter((each) => each !== undefined),
    placeholder: /<[^>]*>|\[[^\]]*\]/.exec(flags)?.[0],
    description,
    choices: argChoices ?? [],
    defaultValue: defaultValueDescription ?? (typeof defaultValue === 'string' ? defaultValue : undefined),
  };
}

/** A command and all below it. */
export const flatten = (command: DescribedCommand): DescribedCommand[] => [
  command,
  ...command.commands.flatMap(flatten),
];
