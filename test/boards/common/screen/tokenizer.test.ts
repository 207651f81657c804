import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { SAXParser } from 'parse5-sax-parser';
import { describe, expect, test } from 'vitest';
import { Tokenizer } from '../../../../boards/common/screen/tokenizer.js';

type Token = string | [string, Record<string, string>];

/** Start tags with their attributes, end tags with a slash, text with a quote before it; text in one piece. */
function tokensOf(html: string, cuts: readonly number[] = []): Token[] {
  const out: Token[] = [];
  let text = '';
  const flush = () => {
    if (text !== '') out.push(`"${text}`);
    text = '';
  };
  const tokenizer = new Tokenizer({
    onStart(name, attributes) {
      flush();
      out.push([name, { ...attributes }]);
    },
    onEnd(name) {
      flush();
      out.push(`/${name}`);
    },
    onText(piece) {
      text += piece;
    },
  });
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    tokenizer.write(html.slice(from, cut));
    from = Math.max(from, cut);
  }
  tokenizer.write(html.slice(from));
  tokenizer.end();
  flush();
  return out;
}

/** The same by the parser that the proxy uses. */
async function parsed(html: string): Promise<Token[]> {
  const out: Token[] = [];
  let text = '';
  const flush = () => {
    if (text !== '') out.push(`"${text}`);
    text = '';
  };
  const parser = new SAXParser();
  parser.on('startTag', ({ tagName, attrs }) => {
    flush();
    out.push([tagName, Object.fromEntries(attrs.map(({ name, value }) => [name, value]))]);
  });
  parser.on('endTag', ({ tagName }) => {
    flush();
    out.push(`/${tagName}`);
  });
  parser.on('text', (piece) => {
    text += piece.text;
  });
  parser.resume();
  parser.end(html);
  await finished(parser);
  flush();
  return out;
}

describe('tokens', () => {
  test.each([
    ['attributes of all kinds', `<A HREF="/x?a&amp;b" id=one checked title='a > b' data-x = "y">`],
    ['text with references', 'a &lt; b &#38; c &#x1f600; d &ldquo;e&rdquo; &amp f'],
    ['comments and document types', '<!DOCTYPE html>a<!-- <p> -- > -->b<?php x ?>c'],
    ['what is raw text', '<script>if (a < b) "</p>"; </scr</script>x<title>a <b> &amp; c</title>y'],
    ['a lone less-than sign', 'a < b <3 <p>c'],
    ['end tags', '</P ></p\n><br/>a</ >'],
    ['attributes twice', '<p id=a id=b class>x'],
  ])('are those of a whole parser: %s', async (_, html) => {
    const expected = (await parsed(html)).filter((token) => token !== '/');
    expect(tokensOf(html).filter((token) => token !== '/')).toEqual(expected);
  });

  test('are the same in whatever pieces the markup comes', () => {
    const piece = fc.constantFrom(
      ...[
        '<p>',
        '</p>',
        '<a href="x&amp;y">',
        "<b c='>' d=e f>",
        '<!-- <p> -->',
        '<!',
        '<script>',
        '</script>',
        '<',
      ],
      ...['text', '&amp;', '&#65;', '&', ' ', '"', '>', '</', '<title>', '</title>', '-->', '\n'],
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }),
        fc.array(fc.nat(200), { maxLength: 20 }),
        (pieces, cuts) => {
          const html = pieces.join('');
          expect(tokensOf(html, cuts)).toEqual(tokensOf(html));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('hold no name of an object of JavaScript for a reference or an attribute', () => {
    expect(tokensOf('&constructor; &toString <p __proto__=x constructor=y>')).toEqual([
      '"&constructor; &toString ',
      ['p', expect.objectContaining({ constructor: 'y' })],
    ]);
  });

  test('drop a tag or a comment that never ends, and go on after it', () => {
    const long = 'x'.repeat(200_000);
    const out: string[] = [];
    const tokenizer = new Tokenizer({ onStart() {}, onEnd() {}, onText: (text) => out.push(text) });
    for (const chunk of ['a<!-- ', long, long, ' --', '>b<p title="', long, long, '">c', 'd'])
      tokenizer.write(chunk);
    tokenizer.end();
    expect(out).toEqual(['a', 'b', 'c', 'd']);
  });
});
