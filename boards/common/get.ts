// Fetches pages and prints them.
import type { Client } from '../../host/client/client.js';
import { HANDHELD } from '../../host/delegation/device.js';
import { say, withClient } from './command.js';
import type { Native } from './native.js';
import type { BoardOptions } from './options.js';

/** As many colours as JPEG has: each byte of a page costs a board hundreds of instructions, and palettes take more. */
export const PROFILE = { ...HANDHELD, name: 'board', colourDepth: 16 };

export const get = (board: Native, options: BoardOptions): Promise<number> =>
  withClient(board, options, { profile: { ...PROFILE, styles: options.styles } }, async ({ client }) => {
    let isWell = true;
    for (let i = 0; i < options.repeat; i++)
      for (const url of options.urls) if (!(await fetchPage(board, client, url))) isWell = false;
    return isWell;
  });

/** Prints the page. True where the origin answered with success. */
async function fetchPage(board: Native, client: Client, url: string): Promise<boolean> {
  const response = await client.request(url);
  for await (const bytes of response.body) board.write(false, bytes);
  if (response.status < 400) return true;
  say(board, `deputy: ${response.url} answered ${response.status} ${response.statusText}\n`);
  return false;
}
