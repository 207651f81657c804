// The client on a board without a screen.
import { run } from './command.js';
import { get } from './get.js';
import type { Native } from './native.js';

const { board } = globalThis as unknown as { board: Native };

void run(board, (options) => get(board, options));
