// Whether what was made for a device is what that device can read.
import type { DeviceProfile } from '../../host/delegation/device.js';
import { hdmlErrors, html32Errors, wmlErrors } from '../host/services/transcode/judges.js';
import type { ReadPage } from './device.js';

/** Elements and attributes that no device here can use. */
const USELESS = /<(script|style|iframe|link|object|embed|svg)\b|<[a-z][^<>]*\son[a-z]+=/i;

const decoder = (profile: DeviceProfile) =>
  new TextDecoder(profile.charset === 'us-ascii' ? 'ascii' : profile.charset, { fatal: true });

/** What is wrong with these pages; empty where nothing is. */
export function errorsOf(profile: DeviceProfile, pages: readonly ReadPage[]): string {
  const [markup] = profile.markup;
  // Compact HTML goes by the name of HTML.
  const type = markup === 'text/x-chtml' ? 'text/html' : markup!;
  const said: string[] = [];
  const texts = pages.flatMap((page) => {
    if (!page.type.startsWith(type)) said.push(`${page.type} instead of ${type}`);
    return page.parts.map((part) => decoder(profile).decode(part));
  });
  for (const { parts } of pages) {
    const largest = Math.max(...parts.map(({ length }) => length));
    if (parts.length > 1 && largest > profile.memory * 1024) said.push(`a part of ${largest} bytes`);
  }
  if (texts.some((text) => text.trim() === '')) said.push('an empty part');
  const hasMarkup = type !== 'text/plain' && !profile.styles;
  const useless = texts.map((text) => USELESS.exec(text)).find((found) => found !== null);
  if (hasMarkup && useless) said.push(`it holds ${useless[0]}`);
  const judge = { 'text/vnd.wap.wml': wmlErrors, 'text/x-hdml': hdmlErrors, 'text/x-chtml': html32Errors }[
    markup!
  ];
  return [...said, judge?.(texts) ?? ''].filter((line) => line !== '').join('\n');
}
