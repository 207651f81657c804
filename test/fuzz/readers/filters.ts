// Filter lists, the decisions by them, and what they hide on a page.
import { FilterEngine } from '../../../host/services/filter/engine.js';
import { ElementHiding } from '../../../host/services/filter/hiding.js';
import { parseList } from '../../../host/services/filter/list.js';
import { must, type Reader } from './reader.js';

const lists = `! a list
||ads.example^
/banner/*.gif
|https://one.example/page|
@@||ads.example/needed.js
||x.example^$third-party,domain=a.example|~b.a.example
track$~script,image
*^$important
##.banner
a.example##div:has(> .ad)
0.0.0.0 hosts.example
%deny-type video/*
%max-bytes image/* 200K
`;
const addresses = ['https://ads.example/needed.js', 'http://sub.x.example:8080/banner/a.gif?q=track#f'];

export const filters: Reader = {
  name: 'filters',
  about: 'filter lists: each line is a rule, a limit or left out, and a decision names a line',
  // An address, and the list below it.
  seeds: async () => addresses.map((address) => Buffer.from(`${address}\n${lists}`)),
  words: [
    ...[
      '||',
      '|',
      '^',
      '*',
      '@@',
      '$',
      '~',
      ',',
      '=',
      '\n',
      '!',
      '%max-bytes ',
      '%deny-type ',
      '.example',
      '/',
      '//',
    ],
    ...[
      'third-party',
      'match-case',
      'important',
      'domain=',
      'image',
      'https://',
      'http://',
      'xn--',
      '[::1]',
      '@',
      '#',
    ],
  ],
  async read(input) {
    const [url = '', ...lines] = Buffer.from(input).toString().split('\n');
    const list = parseList(lines.join('\n'));
    for (const { line } of list.unusable)
      must(line >= 1 && line <= lines.length, `line ${line} of ${lines.length} is left out`);
    const engine = new FilterEngine([list]);
    const rule = engine.decide({ url, page: 'a.example', type: undefined });
    must(rule === undefined || list.addresses.length > 0, `the rule ${rule} is none of the list`);
    if (URL.canParse(url)) new ElementHiding(engine.rules).onPage(url);
  },
};
