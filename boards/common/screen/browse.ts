// Starts the browser on a board.
import { complain, say, withClient } from '../command.js';
import { PROFILE } from '../get.js';
import type { Native } from '../native.js';
import type { BoardOptions } from '../options.js';
import { Browser } from './browser.js';
import { progressOf } from './progress.js';
import { pageArea } from './viewport.js';

/** KiB: somewhat more than what a page's pictures may take, in the form in which they stand in the page. */
const PAGE_MEMORY = 480;

/** Shows pages until the key that ends it. The status is that of the last page. */
export function browse(board: Native, options: BoardOptions): Promise<number> {
  const screen = board.screen!;
  const { width, height } = pageArea(screen);
  const profile = {
    ...PROFILE,
    name: 'screen',
    screenWidth: width,
    screenHeight: height,
    memory: PAGE_MEMORY,
  };
  let browser: Browser | undefined;
  const onStep = (step: Parameters<typeof progressOf>[0]) => {
    const text = progressOf(step);
    if (text !== undefined) browser?.say(text);
  };
  return withClient(board, options, { profile, onStep }, async ({ client, watcher, platform }) => {
    let isWell = false;
    browser = new Browser({
      client,
      platform,
      screen,
      onShown(url, error) {
        isWell = error === undefined;
        watcher.tell('shown');
        if (!isWell) complain(board, error);
        say(board, `deputy: shows ${isWell ? url : 'why there is no page'}\n`);
      },
    });
    await browser.run(options.urls[0]!);
    return isWell;
  });
}
