// The gateway's own pages in HTML 3.2, as any browser since 1996 reads it.
import { type Action, type Block, type Choice, escaped, type Inline, type OwnPage } from './own_page.js';

export function writeHtml({ title, action, blocks }: OwnPage): string {
  const body = blocks.map((block) => writeBlock(block, action)).join('\n');
  return [
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">',
    `<HTML><HEAD><TITLE>${escaped(title)}</TITLE></HEAD>`,
    `<BODY><H1>${escaped(title)}</H1>`,
    body,
    '</BODY></HTML>\n',
  ].join('\n');
}

function writeBlock(block: Block, action: string): string {
  switch (block.kind) {
    case 'heading':
      return `<H2>${escaped(block.text)}</H2>`;
    case 'paragraph':
      return writeLine(block.content, action, 'P');
    case 'list':
      return `<UL>\n${block.items.map((item) => writeLine(item, action, 'LI')).join('\n')}\n</UL>`;
  }
}

/** HTML 3.2 allows no form inside a paragraph: forms of a line stand behind its text. */
function writeLine(content: readonly Inline[], action: string, element: 'P' | 'LI'): string {
  const text = content.filter((part) => typeof part === 'string' || part.kind === 'link').map(writeText);
  const forms = content.map((part) => writeForm(part, action)).join('');
  return element === 'P' ? `<P>${text.join(' ')}</P>${forms}` : `<LI>${text.join(' ')}${forms}`;
}

function writeText(part: Inline): string {
  if (typeof part === 'string') return escaped(part);
  return part.kind === 'link' ? `<A HREF="${escaped(part.href)}">${escaped(part.text)}</A>` : '';
}

function writeForm(part: Inline, action: string): string {
  if (typeof part === 'string' || part.kind === 'link') return '';
  const fields = part.fields
    .map(([name, value]) => `<INPUT TYPE=HIDDEN NAME="${escaped(name)}" VALUE="${escaped(value)}">`)
    .join('');
  const inside = part.kind === 'choice' ? writeChoice(part) : writeButton(part);
  return `<FORM METHOD=POST ACTION="${escaped(action)}">${fields}${inside}</FORM>`;
}

const writeButton = ({ text }: Pick<Action, 'text'>): string =>
  `<INPUT TYPE=SUBMIT VALUE="${escaped(text)}">`;

function writeChoice({ name, text, options }: Choice): string {
  const rows = options.map(
    ([value, label, isChosen]) =>
      `<OPTION VALUE="${escaped(value)}"${isChosen ? ' SELECTED' : ''}>${escaped(label)}</OPTION>`,
  );
  return `<SELECT NAME="${escaped(name)}">${rows.join('')}</SELECT> ${writeButton({ text })}`;
}
