// What a page says of itself for machines, as JSON-LD by schema.org: its text, where scripts would make the page of it.

/** Characters of all such data that are read, and of the text that is made of it. */
export const MAX_DATA = 512 * 1024;
const MAX_TEXT = 256 * 1024;
const MAX_OBJECTS = 200;

export interface SaidPart {
  kind: 'heading' | 'paragraph';
  text: string;
}

/** Headline and text of what `json` describes; empty where it is no such data. */
export function textOfLinkedData(json: string): SaidPart[] {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    return [];
  }
  const said: SaidPart[] = [];
  const waiting: unknown[] = [data];
  let room = MAX_TEXT;
  for (let count = 0; waiting.length > 0 && count < MAX_OBJECTS; count++) {
    const next = waiting.shift();
    if (Array.isArray(next)) {
      waiting.push(...next.slice(0, MAX_OBJECTS));
      continue;
    }
    if (!isObject(next)) continue;
    const parts = partsOf(next).filter(({ text }) => text !== '');
    room -= parts.reduce((sum, { text }) => sum + text.length, 0);
    if (room < 0) break;
    // A thing without words of its own, as a list of breadcrumbs, is no content.
    if (parts.some(({ kind }) => kind === 'paragraph')) said.push(...parts);
    for (const name of ['@graph', 'mainEntity', 'itemListElement', 'item', 'hasPart'])
      waiting.push(next[name]);
  }
  return said;
}

function partsOf(thing: Record<string, unknown>): SaidPart[] {
  const text = (name: string) => {
    const value = thing[name];
    return typeof value === 'string' ? plain(value) : '';
  };
  const paragraphs = [text('description'), ...['articleBody', 'text', 'reviewBody'].map(text)];
  return [
    { kind: 'heading', text: text('headline') || text('name') },
    ...paragraphs.flatMap((body) =>
      body.split(/\n+/).map((line): SaidPart => ({ kind: 'paragraph', text: line.trim() })),
    ),
  ];
}

/** Some put markup into it. */
const plain = (text: string) => text.replace(/<br\s*\/?>|<\/p>/gi, '\n').replace(/<\/?[a-z][^<>]*>/gi, '');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
