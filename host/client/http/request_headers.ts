// What a request says where the application says nothing of it.
import type { Platform } from '../../platform/platform.js';
import { offeredCodings } from './content_coding.js';
import type { HeaderList } from './head.js';

export function withDefaults(platform: Platform, headers: HeaderList): HeaderList {
  const has = (wanted: string) => headers.some(([name]) => name.toLowerCase() === wanted);
  const codings = offeredCodings(platform);
  return [
    ...(has('user-agent') ? [] : [['User-Agent', 'Deputy/0.1'] as const]),
    ...(has('accept') ? [] : [['Accept', '*/*'] as const]),
    ...(has('accept-encoding') || codings === '' ? [] : [['Accept-Encoding', codings] as const]),
    ...headers,
  ];
}
