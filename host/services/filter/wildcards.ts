// Patterns with several wildcards, written as regular expressions that never go back: an address made for it would take
// minutes with the plain translation, in which each wildcard tries every length. After each wildcard the first place at
// which the next piece stands is the best one; a group in a lookahead, matched by its number, holds on to it.

/** Before `$` and options, if there are any. The text of a pattern has no space. */
const RULE = /^(@@)?(\S*?)(\$[\w~,=|.*:/?-]+)?$/;
const SELECTOR = /#@?#|#@?[$?%]|\$\$|\$@\$/;

/** The same rule, safe; undefined for what needs no change. */
export function withoutBacktracking(line: string): string | undefined {
  if (SELECTOR.test(line)) return undefined;
  const [, exception = '', pattern = '', options = ''] = RULE.exec(line) ?? [];
  const isExpression = pattern.length > 1 && pattern.startsWith('/') && pattern.endsWith('/');
  if (pattern === '' || (isExpression && !pattern.includes('*'))) return undefined;
  const inner = pattern.replace(/^\*+|\*+$/g, '');
  const isSafe = (inner.match(/\*+/g) ?? []).length < 2;
  // The library knows this option with expressions alone.
  const isCaseSensitive = /[$,]match-case(?:,|$)/.test(options);
  if (isSafe && !isCaseSensitive) return undefined;
  return isRegularExpression(pattern) ? undefined : `${exception}/${expressionOf(pattern)}/${options}`;
}

/** `/…/` is one where it has more than a path and wildcards can have. */
const isRegularExpression = (pattern: string) =>
  pattern.length > 1 && pattern.startsWith('/') && pattern.endsWith('/') && /[\\[\](){}+]/.test(pattern);

function expressionOf(pattern: string): string {
  const anchor = pattern.startsWith('||') ? '||' : pattern.startsWith('|') ? '|' : '';
  const isEnd = pattern.length > anchor.length && pattern.endsWith('|');
  const pieces = pattern
    .slice(anchor.length, isEnd ? -1 : undefined)
    .split(/\*+/)
    .map(pieceOf);
  const [first = '', ...rest] = pieces;
  const start = { '||': '^[a-z]+:\\/\\/(?:[^\\/?#]*\\.)?', '|': '^', '': '' }[anchor];
  const last = isEnd ? rest.pop() : undefined;
  const found = rest.map((piece, index) => `(?=(.*?${piece}))\\${index + 1}`).join('');
  // No text follows a group's number, which it could be taken to go on.
  const end = !isEnd ? '(?:)' : last === undefined ? END : `(?:.*)${last}${END}`;
  return start + first + found + end;
}

/** Not `$`: the library takes options to follow one. */
const END = '(?![^])';

/** `^`: anything but letters, digits and `_ - . %`, or the end. */
const pieceOf = (text: string): string =>
  text.replace(/[\\/|.$+?{}()[\]]/g, '\\$&').replaceAll('^', `(?:[^\\w.%-]|${END})`);
