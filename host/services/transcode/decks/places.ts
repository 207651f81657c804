// Links to places in the page itself: where they lead is known only when their deck is finished.

/** Stands before such a link in markup that isn't finished: no text holds this character. */
const PLACE = '\u0000';

export const hasPlace = (markup: string): boolean => markup.includes(PLACE);

/** A place of this page gets its address only once its deck is finished. */
export const placed = (markup: string) => markup.replaceAll('"#', `"${PLACE}#`);

const unescaped = (text: string) =>
  text
    .replace(/\$\$|&dol;/g, '$')
    .replace(/&(?:quot|#34);/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');

/** `markup` with the addresses that `addressOf` gives for the ids of places. */
export const resolvePlaces = (markup: string, addressOf: (id: string) => string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no text holds this character
  markup.replace(/\u0000#([^"]*)/g, (_, escaped: string) => addressOf(unescaped(escaped)));
