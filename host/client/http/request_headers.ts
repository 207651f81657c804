// What a request says where the application says nothing of it.
import { type HeaderLine, HeaderList } from '../../http/header_list.js';
import type { Platform } from '../../platform/platform.js';
import { offeredCodings } from './content_coding.js';

export function withDefaults(platform: Platform, headers: Iterable<HeaderLine>): HeaderLine[] {
  // Lines are checked where the request is written.
  const asked = HeaderList.ofChecked([...headers]);
  const codings = offeredCodings(platform);
  const defaults: HeaderLine[] = [
    ['User-Agent', 'Deputy/0.1'],
    ['Accept', '*/*'],
    ...(codings === '' ? [] : [['Accept-Encoding', codings] as const]),
  ];
  return [...defaults.filter(([name]) => !asked.has(name)), ...asked];
}
