// What the library's bytecode begins with.
import type { Native } from '../common/native.js';
import { type LibraryNative, start } from './library.js';

start((globalThis as unknown as { board: Native & { library: LibraryNative } }).board);
