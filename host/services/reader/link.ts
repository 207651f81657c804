// A link to the article at the beginning of a page, whose other bytes stay as they are.
import type { Body } from '../service.js';

/** Bytes in which a page's body begins, mostly. */
const MAX_HEAD = 64 << 10;
const BODY = /<body(?:\s(?:"[^"]*"|'[^']*'|[^"'<>])*)?>/i;

/** The page with a link to `url`: where its body begins; after it all where that does not show. */
export async function* withLink(page: Body, url: string): AsyncGenerator<Uint8Array, void, void> {
  const link = Buffer.from(
    `<p><a href="${url.replace(/&/g, '&amp;').replace(/"/g, '&quot;')}">Article</a></p>`,
  );
  let start: Buffer | undefined = Buffer.alloc(0);
  let isLinked = false;
  for await (const chunk of page) {
    if (start === undefined) {
      yield chunk;
      continue;
    }
    start = Buffer.concat([start, chunk]);
    const found = BODY.exec(start.toString('latin1'));
    // Characters of two bytes and more would not show a link in bytes of ASCII.
    if (start.includes(0)) isLinked = true;
    if (found === null && start.length < MAX_HEAD && !isLinked) continue;
    if (found !== null && !isLinked) {
      const end = found.index + found[0].length;
      yield Buffer.concat([start.subarray(0, end), link, start.subarray(end)]);
      isLinked = true;
    } else yield start;
    start = undefined;
  }
  if (start !== undefined) yield start;
  if (!isLinked) yield link;
}
