// Renders one page: its scripts run until nothing changes any more; what stands there then is the page.
import type { BrowserContext, Page } from 'playwright-core';
import type { ResponseFlow } from '../service.js';
import { type FirstAnswer, PageAnswers } from './answers.js';
import { RenderError, type RenderLimits, within } from './limits.js';

/** Milliseconds for which nothing may change, and between two looks. */
const QUIET = 400;
const LOOK = 80;
const CLOSE_TIME = 2000;

/** Runs in the page: changes whenever the page does. */
const STATE = `document.documentElement === null ? '' :
  document.getElementsByTagName('*').length + ' ' + document.documentElement.textContent.length + ' ' + location.href`;

/** Runs in the page at `url`: the elements as they stand, without what made them. */
const textOf = (url: string) => `(() => {
  const flatten = (root) => {
    for (const host of root.querySelectorAll('*')) {
      if (host.shadowRoot === null) continue;
      flatten(host.shadowRoot);
      for (const slot of host.shadowRoot.querySelectorAll('slot')) slot.replaceWith(...slot.assignedNodes());
      host.replaceChildren(...host.shadowRoot.childNodes);
    }
  };
  if (!/^https?:$/.test(location.protocol)) throw new Error('it has gone elsewhere');
  flatten(document);
  for (const each of document.querySelectorAll('script, noscript, template')) each.remove();
  for (const field of document.querySelectorAll('input, textarea, select')) {
    if (/^(?:checkbox|radio)$/.test(field.type)) field.toggleAttribute('checked', field.checked);
    else if (field.localName === 'textarea') field.textContent = field.value;
    else if (field.localName === 'input' && field.type !== 'password' && field.type !== 'file')
      field.setAttribute('value', field.value);
  }
  const isMoved = location.href.split('#')[0] !== ${JSON.stringify(url.replace(/#.*$/s, ''))};
  if (isMoved && document.querySelector('base[href]') === null && document.head !== null) {
    const base = document.createElement('base');
    base.href = location.href;
    document.head.prepend(base);
  }
  return '<!DOCTYPE html>' + document.documentElement.outerHTML;
})()`;

/** The page as text. Throws RenderError, or what the browser says. */
export async function renderPage(
  context: BrowserContext,
  flow: ResponseFlow,
  first: FirstAnswer,
  limits: RenderLimits,
): Promise<string> {
  const end = Date.now() + limits.time;
  const left = () => end - Date.now();
  const answers = new PageAnswers(flow, first, limits);
  const late = 'it takes too long';
  const page = await within(context.newPage(), left(), late);
  try {
    page.on('dialog', (dialog) => void dialog.dismiss().catch(() => {}));
    page.on('popup', (popup) => void popup.close().catch(() => {}));
    const crashed = new Promise<never>((_, reject) => {
      page.on('crash', () => reject(new RenderError('the page has crashed')));
      flow.signal.addEventListener('abort', () => reject(new RenderError('the exchange is over')));
    });
    crashed.catch(() => {});
    const rendered = (async () => {
      await page.route('**/*', (route) => answers.answer(route));
      await page.goto(flow.request.url, { waitUntil: 'domcontentloaded', timeout: left() });
      await settle(page, answers, left);
      return await page.evaluate<string>(textOf(flow.request.url));
    })();
    const text = await within(Promise.race([rendered, crashed]), left() + LOOK, late);
    if (text.length > limits.text) throw new RenderError('it is too large');
    return text;
  } finally {
    answers.end();
    await within(page.close(), CLOSE_TIME, 'the page does not close');
  }
}

/** Resolves when nothing has changed for a while, or half of the time is over: what is there then is taken. */
async function settle(page: Page, answers: PageAnswers, left: () => number): Promise<void> {
  const latest = left() / 2;
  let state = '';
  let since = Date.now();
  while (left() > latest) {
    const now = await page.evaluate<string>(STATE).catch(() => `${Date.now()}`);
    if (now !== state || answers.pending > 0) since = Date.now();
    state = now;
    if (Date.now() - since >= QUIET) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}
