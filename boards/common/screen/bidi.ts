// Lines with letters that are written from right to left (Hebrew, Arabic), in the order in which they stand on the screen.
// The levels are bidi-js's, by the Unicode Bidirectional Algorithm; explicit marks are not in the text any more.
import bidiFactory, { type Bidi } from 'bidi-js';
import type { Inline } from './display_list.js';

export type Direction = 'ltr' | 'rtl';

/** Letters of which one makes a line worth a closer look. */
export const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** What stands in a line and is no text: it has no direction of its own (UAX #9, object replacement). */
const OBJECT = '\ufffc';

/** The package's types speak of another module than its own. */
const makeBidi = bidiFactory as unknown as () => Bidi;
/** Made when the first such line comes: its tables take a while. */
let made: Bidi | undefined;

/** Pieces of one line from the left, each of one level and one item; text of odd levels is turned round. */
export function inVisualOrder(line: readonly Inline[], direction: Direction): Inline[] {
  made ??= makeBidi();
  const bidi = made;
  const text = line.map((item) => (item.kind === 'text' ? item.text : OBJECT)).join('');
  const { levels } = bidi.getEmbeddingLevels(text, direction);
  const runs: { item: Inline; level: number }[] = [];
  let at = 0;
  for (const item of line) {
    if (item.kind !== 'text') {
      runs.push({ item, level: levels[at++]! });
      continue;
    }
    const end = at + item.text.length;
    for (let from = at; from < end; from = at) {
      const level = levels[from]!;
      while (at < end && levels[at] === level) at++;
      const part = text.slice(from, at);
      runs.push({ item: { ...item, text: level % 2 === 0 ? part : turned(part, bidi) }, level });
    }
  }
  return reordered(runs).map(({ item }) => item);
}

/** Text of one look on a line of its own, as it stands on the screen. */
export function visualText(text: string): string {
  if (!RIGHT_TO_LEFT.test(text)) return text;
  const whole = {
    kind: 'text',
    x: 0,
    y: 0,
    width: 0,
    height: 0,
    ascent: 0,
    font: 0,
    text,
    colour: 0,
  } as const;
  return inVisualOrder([whole], 'ltr').reduce(
    (all, item) => all + (item.kind === 'text' ? item.text : ''),
    '',
  );
}

function turned(text: string, { getMirroredCharacter }: Bidi): string {
  return [...text]
    .reverse()
    .map((character) => getMirroredCharacter(character) ?? character)
    .join('');
}

/** UAX #9, rule L2: from the highest level down to the lowest odd one, what is at that level or above is reversed. */
function reordered<T extends { level: number }>(runs: T[]): T[] {
  const highest = Math.max(0, ...runs.map(({ level }) => level));
  for (let level = highest; level > 0; level--) {
    for (let from = 0; from < runs.length; from++) {
      if (runs[from]!.level < level) continue;
      let end = from;
      while (end < runs.length && runs[end]!.level >= level) end++;
      runs.splice(from, end - from, ...runs.slice(from, end).reverse());
      from = end;
    }
  }
  return runs;
}
