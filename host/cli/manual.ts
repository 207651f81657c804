// The manual page `deputy(1)`, in the macros of man(7).
import { type DescribedCommand, type DescribedOption, flatten } from './described.js';

/** `version` and `date` (YYYY-MM-DD) stand in its margins. */
export function manualPage(root: DescribedCommand, version: string, date: string): string {
  const [, ...commands] = flatten(root);
  return [
    `.TH DEPUTY 1 ${date} "deputy ${version}" "User Commands"`,
    '.SH NAME',
    `deputy \\- ${lower(text(root.description))}`,
    '.SH SYNOPSIS',
    ...commands.filter(({ commands }) => commands.length === 0).flatMap(synopsis),
    '.SH DESCRIPTION',
    text(root.description),
    '.SH COMMANDS',
    ...commands.flatMap(section),
    '.SH "EXIT STATUS"',
    '0 where all went well, 1 where something failed, 2 where the command was used wrongly.',
    '.SH ENVIRONMENT',
    '.TP\n.B DEPUTY_TOKEN\nThe token for the proxy, in the place of \\-\\-token.',
    '.TP\n.B SSL_CERT_FILE\nThe file of root certificates, in the place of the system\\(aqs.',
    '',
  ].join('\n');
}

const synopsis = ({ name, arguments: words }: DescribedCommand): string[] => [
  '.br',
  `.B ${text(name)}`,
  `[\\fIoptions\\fR] ${text(words.map((each) => each.name).join(' '))}`.trimEnd(),
];

const section = ({ name, description, arguments: words, options }: DescribedCommand): string[] => [
  `.SS ${text(name)}`,
  text(description),
  ...words.filter((each) => each.description !== '').map((each) => entry(text(each.name), each.description)),
  ...options.map(option),
];

function option({ names, placeholder, description, choices, defaultValue }: DescribedOption): string {
  const shown = `${names.join(', ')}${placeholder === undefined ? '' : ` ${placeholder}`}`;
  const more = [
    ...(choices.length > 0 ? [`one of ${choices.join(', ')}`] : []),
    ...(defaultValue === undefined ? [] : [`default: ${defaultValue}`]),
  ];
  return entry(text(shown), more.length > 0 ? `${description} (${more.join('; ')})` : description);
}

const entry = (head: string, body: string) => `.TP\n.B ${head}\n${text(body)}`;

/** Escapes of roff; a line must not begin with a control character. */
const text = (plain: string): string =>
  plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')
    .replace(
      /[^\n\x20-\x7e]/g,
      (character) => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
    );

const lower = (sentence: string): string =>
  sentence.replace(/\.$/, '').replace(/^./, (first) => first.toLowerCase());
