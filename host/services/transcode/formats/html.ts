// The simplified HTML of a handheld, as a stream: pictures and style sheets are put into it, and a page larger than the
// device's memory comes in parts.
import { LATE_RULE, latePicture, latePicturePlace } from '../../../http/late_pictures.js';
import { htmlEncoder } from '../charset/encode.js';
import { HtmlDecks } from '../decks/html_decks.js';
import type { LatePicture, Part } from '../decks/part.js';
import type { Format, PageOptions, Resources } from '../format.js';
import { escapeText } from '../markup.js';
import { OrderedOutput } from '../ordered.js';
import { PageReader } from '../page/read_page.js';
import { HtmlWriter, submitOf } from './html_writer.js';
import { safeStyle } from './style_sheet.js';

/** Characters that are read between two looks at what can go out. */
const STEP = 1 << 16;
/** Characters that are worth being sent on their own, be it in a content coding. */
const SMALL = 512;

export const simplifiedHtml: Format = {
  name: 'text/html',
  contentType: 'text/html',
  write: writeHtml,
  rewrite: rewriteHtml,
  encoder: htmlEncoder,
};

async function* writeHtml(page: AsyncIterable<string>, options: PageOptions): AsyncGenerator<string> {
  const output = new OrderedOutput();
  const decks = new HtmlDecks(options, (piece) => pushPiece(output, piece, options.resources));
  const reader = new PageReader(options, (base) => new HtmlWriter(decks, options, base));
  let held = '';
  for await (const text of page) {
    for (let at = 0; at < text.length && !decks.isDone; at += STEP) {
      reader.write(text.slice(at, at + STEP), () => decks.isDone);
      decks.release();
      for await (const ready of output.drain(false)) held += ready;
      if (held.length < SMALL) continue;
      yield held;
      held = '';
    }
    if (decks.isDone) break;
  }
  if (!decks.isDone) reader.end();
  if (held !== '') yield held;
  yield* rest(output, decks.closing);
}

async function* rewriteHtml(part: Part, resources: Resources): AsyncGenerator<string> {
  const output = new OrderedOutput();
  const closing = part.at(-1);
  for (const piece of part.slice(0, -1)) pushPiece(output, piece, resources);
  yield* rest(output, typeof closing === 'string' ? closing : '');
}

async function* rest(output: OrderedOutput, closing: string): AsyncGenerator<string> {
  yield* output.drain(true);
  if (output.isAnyLate) yield LATE_RULE;
  yield* output.drainLate();
  if (closing !== '') yield closing;
}

function pushPiece(output: OrderedOutput, piece: Part[number], resources: Resources): void {
  if (typeof piece === 'string') output.push(piece);
  else if ('style' in piece) {
    const sheet = resources.style(piece.style).then((text) => {
      const style = safeStyle(text);
      return style === '' ? '' : `<style>${style}</style>`;
    });
    output.pushLater(sheet, { here: '', after: (style) => style });
  } else output.pushLater(resources.picture(piece), lateForm(piece));
}

/** A picture that is late comes at the end, where the text leads to it. A button can't: it is one without a picture. */
function lateForm({ alt, number, isLinked, button }: LatePicture): {
  here: string;
  after(piece: string): string;
} {
  if (button !== undefined) return { here: submitOf(button, alt), after: () => '' };
  const label = `[picture${alt === '' ? '' : `: ${escapeText(alt)}`}]`;
  return {
    here: latePicturePlace(number, label, isLinked),
    after: (picture) => latePicture(number, label, picture),
  };
}
