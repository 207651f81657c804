// Completion of the command line in bash, zsh and fish, from the descriptions of the commands.
import { type DescribedCommand, type DescribedOption, flatten } from './described.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(root: DescribedCommand, shell: Shell): string {
  return { bash, zsh, fish }[shell](root);
}

/** Files are offered where nothing else is known. */
function bash(root: DescribedCommand): string {
  const commands = flatten(root);
  const cases = commands.map(
    ({ name, options, commands }) =>
      `    ${quote(name)}) words=${quote([...lastWords(commands), ...options.flatMap(({ names }) => names)].join(' '))} ;;`,
  );
  const values = commands.flatMap(({ name, options }) =>
    options
      .filter(({ choices }) => choices.length > 0)
      .flatMap(({ names, choices }) =>
        names.map((each) => `    ${quote(`${name} ${each}`)}) words=${quote(choices.join(' '))} ;;`),
      ),
  );
  return `# bash completion of deputy: eval "$(deputy completion bash)"
_deputy() {
  local current=\${COMP_WORDS[COMP_CWORD]} command=deputy words= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$command $word" in
      ${commands
        .slice(1)
        .map(({ name }) => quote(name))
        .join(' | ')}) command="$command $word" ;;
    esac
  done
  case "$command \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join('\n')}
  esac
  [ -n "$words" ] || case "$command" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _deputy deputy
`;
}

/** zsh runs what bash completes. */
const zsh = (root: DescribedCommand): string => `#compdef deputy
# zsh completion of deputy: eval "$(deputy completion zsh)"
autoload -U +X bashcompinit && bashcompinit
${bash(root)}`;

function fish(root: DescribedCommand): string {
  const below = ({ name, options, commands }: DescribedCommand): string[] => {
    const words = name.split(' ').slice(1);
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`);
    const children = lastWords(commands);
    const here =
      words.length === 0
        ? '__fish_use_subcommand'
        : `${seen.join('; and ')}${children.length > 0 ? `; and not __fish_seen_subcommand_from ${children.join(' ')}` : ''}`;
    return [
      ...commands.map(
        (child) =>
          `complete -c deputy -n ${quote(here)} -f -a ${quote(child.name.split(' ').at(-1) ?? '')} -d ${quote(child.description)}`,
      ),
      ...options.map((option) => fishOption(option, here)),
    ];
  };
  return `# fish completion of deputy: deputy completion fish | source\n${flatten(root).flatMap(below).join('\n')}\n`;
}

function fishOption({ names, placeholder, description, choices }: DescribedOption, when: string): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const value =
    choices.length > 0 ? ` -x -a ${quote(choices.join(' '))}` : placeholder === undefined ? '' : ' -r';
  return `complete -c deputy -n ${quote(when)} ${flags.join(' ')}${value} -d ${quote(description)}`;
}

const lastWords = (commands: readonly DescribedCommand[]) =>
  commands.map(({ name }) => name.split(' ').at(-1) ?? '');

/** As one word of a shell. */
const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
