// The file of tokens that admit clients.
import { DeputyError } from '../../delegation/error.js';

/** One token a line; `#` begins a comment. A token without a name is named after its line. */
export function parseTokens(text: string): { name: string; token: string }[] {
  const tokens: { name: string; token: string }[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const entry = line.trim();
    if (entry === '' || entry.startsWith('#')) continue;
    const match = /^(?:([^:\s]+):)?([A-Za-z0-9\-._~+/]+=*)$/.exec(entry);
    if (match === null) {
      throw new DeputyError(
        'BAD_TOKEN_FILE',
        `line ${index + 1} of --token-file is neither "name:token" nor a token`,
      );
    }
    tokens.push({ name: match[1] ?? `line-${index + 1}`, token: match[2]! });
  }
  if (tokens.length === 0)
    throw new DeputyError('BAD_TOKEN_FILE', '--token-file holds no token: write one a line');
  return tokens;
}
