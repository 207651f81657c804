// Text in pieces small enough to end a deck between them.

/** Characters of text that stay together. */
const RUN = 64;

/** Text in pieces that end at spaces where there are some. */
export function* runs(text: string): Generator<string> {
  let rest = text;
  while (rest.length > RUN) {
    const space = rest.lastIndexOf(' ', RUN);
    let at = space > 0 ? space : RUN;
    // Never between the halves of a surrogate pair.
    if (/[\ud800-\udbff]/.test(rest[at - 1]!)) at++;
    yield rest.slice(0, at);
    rest = rest.slice(at);
  }
  if (rest !== '') yield rest;
}
