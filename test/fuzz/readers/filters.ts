// Filter lists, and the decisions of the engine that looks rules up by words and domains.
import { FilterEngine } from '../../../host/services/filter/engine.js';
import { FilterError, parseList, RESOURCE_TYPES } from '../../../host/services/filter/list.js';
import { parseAddress } from '../../../host/services/filter/pattern.js';
import { must, type Reader, refusing } from './reader.js';

const lists = `! a list
||ads.example^
/banner/*.gif
|https://one.example/page|
@@||ads.example/needed.js
||x.example^$third-party,domain=a.example|~b.a.example
track$~script,image
*^$important
0.0.0.0 hosts.example
%deny-type video/*
%max-bytes image/* 200K
`;
const addresses = ['https://ads.example/needed.js', 'http://sub.x.example:8080/banner/a.gif?q=track#f'];

export const filters: Reader = {
  name: 'filters',
  about: 'filter lists, and that looking rules up by word decides as trying each rule does',
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
    const list = await refusing(
      (error) => error instanceof FilterError,
      () => parseList(lines.join('\n')),
    );
    const address = parseAddress(url);
    if (list === undefined || address === undefined) return;
    const engine = new FilterEngine(list.rules);
    // One rule alone is tried by itself: a rule that refuses so must be found among all.
    for (const type of [undefined, RESOURCE_TYPES[input.length % RESOURCE_TYPES.length]]) {
      const question = { address, page: 'a.example', type };
      const chosen = engine.decide(question);
      const alone = list.rules.filter((rule) => {
        const asIfNoException = { ...rule, exception: false };
        return new FilterEngine([asIfNoException]).decide(question) !== undefined;
      });
      const refuses =
        alone.some((rule) => rule.important && !rule.exception) ||
        (alone.some((rule) => !rule.exception) && !alone.some((rule) => rule.exception));
      must((chosen !== undefined) === refuses, `the engine ${chosen ? 'refuses' : 'admits'} ${url}`);
    }
  },
};
