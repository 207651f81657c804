// Reading a list, for programs.
import type { FilterList } from './filter_list.js';
import { parseList as parse } from './list.js';

/** Never throws: what a line does not say in a way that can be applied stands in `unusable`. */
export const parseList: (text: string) => FilterList = parse;
