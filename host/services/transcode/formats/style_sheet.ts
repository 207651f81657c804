// Style sheets for devices that apply some: without what fetches, and without what waits for a script.

/** Selectors of what a page hides as a whole until its scripts say otherwise. */
const WHOLE_PAGE =
  /(?:^|[\s>+~])(?:html|body|:root)(?:[.#:[][^\s>+~]*)?$|(?:async-hide|anti-?flicker|no-?fouc|page-?loading|preload(?:ing|er)?)[\w-]*$/i;
const HIDES =
  /^\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0?\.?0+|(?:-[a-z]+-)?animation[a-z-]{0,30}\s*:)/i;
const FETCHES = /\b(?:url|image|image-set|src|expression)\s*\(/i;
/** Characters of a selector that is looked at. */
const MAX_SELECTOR = 1000;

/**
 * A style sheet that stands alone: nothing it says fetches anything (`@import`, `url()`, `image-set()`), and it can't
 * end its own element. Rules that keep a page unseen until it is ready would keep it so for ever: nothing here makes it
 * ready, so they lose that.
 */
export function safeStyle(text: string): string {
  const bare = text.replace(/\/\*[\s\S]*?(\*\/|$)/g, '');
  // An escape could spell any of the words above without showing it; a small browser needs none.
  if (/\\/.test(bare) || /<\/?style|<!--|<script/i.test(bare)) return '';
  let safe = '';
  /** Depth in a block that is left out, and whether the rule under way is about the page as a whole. */
  let skipped = 0;
  let isWholePage = false;
  const pieces = bare.replace(/\s+/g, ' ').split(/([{};])/);
  for (let i = 0; i < pieces.length; i += 2) {
    const [piece = '', end = ''] = pieces.slice(i, i + 2);
    if (skipped > 0) {
      if (end === '{') skipped++;
      else if (end === '}') skipped--;
    } else if (/^\s*@(?:import|charset|namespace|font-face)\b/i.test(piece)) {
      if (end === '{') skipped = 1;
      else if (end === '}') safe += end;
    } else if (end === '{') {
      isWholePage = hidesAll(piece);
      safe += piece.trimStart() + end;
    } else {
      const isKept = !FETCHES.test(piece) && !(isWholePage && HIDES.test(piece));
      safe += isKept ? piece + end : end === '}' ? ` ${end}` : '';
      if (end === '}') isWholePage = false;
    }
  }
  return safe.trim();
}

const hidesAll = (selectors: string): boolean =>
  selectors.length <= MAX_SELECTOR &&
  selectors.split(',').some((selector) => WHOLE_PAGE.test(selector.trim()));
