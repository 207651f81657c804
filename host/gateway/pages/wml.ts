// The gateway's own pages in WML 1.1, for phones. Decks are small: long lists are cut, and say so.
import { type Block, type Inline, type OwnPage, escaped as writtenSafely } from './own_page.js';

/** A dollar begins a variable, even as a number (WML 1.1 §10.3). */
const escaped = (text: string): string => writtenSafely(text.replaceAll('$', '$$$$'));

/** Items of a list that fit a phone's memory of 1.4 KB, compiled. */
const ITEMS = 8;

export function writeWml({ title, action, blocks }: OwnPage): string {
  return [
    '<?xml version="1.0"?>',
    '<!DOCTYPE wml PUBLIC "-//WAPFORUM//DTD WML 1.1//EN" "http://www.wapforum.org/DTD/wml_1.1.xml">',
    `<wml><card id="deputy" title="${escaped(title)}">`,
    ...blocks.map((block) => writeBlock(block, action)),
    '</card></wml>\n',
  ].join('\n');
}

function writeBlock(block: Block, action: string): string {
  switch (block.kind) {
    case 'heading':
      return `<p><b>${escaped(block.text)}</b></p>`;
    case 'paragraph':
      return `<p>${writeLine(block.content, action)}</p>`;
    case 'list': {
      const items = block.items.slice(0, ITEMS).map((item) => `<p>${writeLine(item, action)}</p>`);
      const left = block.items.length - items.length;
      return items.join('\n') + (left > 0 ? `\n<p>and ${left} more</p>` : '');
    }
  }
}

const writeLine = (content: readonly Inline[], action: string): string =>
  content.map((part, at) => writePart(part, action, at)).join(' ');

function writePart(part: Inline, action: string, at: number): string {
  if (typeof part === 'string') return escaped(part);
  if (part.kind === 'link') return `<a href="${escaped(part.href)}">${escaped(part.text)}</a>`;
  const fields = [
    ...part.fields,
    ...(part.kind === 'choice' ? [[part.name, `$(${part.name}${at})`] as const] : []),
  ];
  const posted = fields.map(
    ([name, value]) =>
      `<postfield name="${escaped(name)}" value="${value.startsWith('$(') ? value : escaped(value)}"/>`,
  );
  const go = `<go href="${escaped(action)}" method="post">${posted.join('')}</go>`;
  const anchor = `<anchor>${escaped(part.text)}${go}</anchor>`;
  if (part.kind === 'action') return anchor;
  const chosen = part.options.findIndex(([, , isChosen]) => isChosen) + 1;
  const options = part.options.map(
    ([value, text]) => `<option value="${escaped(value)}">${escaped(text)}</option>`,
  );
  return `<select name="${escaped(`${part.name}${at}`)}" ivalue="${Math.max(1, chosen)}">${options.join('')}</select>${anchor}`;
}
