// The client on a board with a screen: prints what it gets, or shows it.
import { run } from '../command.js';
import { get } from '../get.js';
import type { Native } from '../native.js';
import { browse } from './browse.js';

const { board } = globalThis as unknown as { board: Native };

void run(board, (options) => (options.verb === 'browse' ? browse(board, options) : get(board, options)));
