// Addresses of a page: resolved, safe to follow, and what they are called where nothing else names them.

/** Characters of an address that is believed. */
export const MAX_ADDRESS = 2048;

/** Addresses a simplified page may point to; a script's is not one. Control characters and spaces hide no scheme. */
export function isSafeAddress(address: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: browsers ignore these characters in a scheme
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(address.replace(/[\u0000-\u0020]/g, ''))?.[1]?.toLowerCase();
  return scheme === undefined || ['http', 'https', 'mailto', 'tel', 'ftp', 'sms'].includes(scheme);
}

/** An absolute address, or undefined for what is none. */
export function resolveAddress(address: string, base: string): string | undefined {
  try {
    return new URL(address.trim(), base).href;
  } catch {
    return undefined;
  }
}

/** An address of another document that a reader can go to; undefined for scripts, empty pages and what is no address. */
export function documentAddress(address: string | undefined, base: string): string | undefined {
  if (address === undefined || address.trim() === '') return undefined;
  const url = resolveAddress(address, base);
  return url !== undefined && /^https?:/i.test(url) && url.length <= MAX_ADDRESS ? url : undefined;
}

/** What an address is called by its own words: the last part of its path, or the host. */
export function nameOfAddress(url: string): string {
  const { hostname, pathname, protocol } = new URL(url);
  if (!/^https?:$/.test(protocol)) return url.replace(/^[a-z]+:/i, '').slice(0, 80);
  const last = pathname
    .split('/')
    .filter((part) => part !== '')
    .at(-1);
  return last === undefined ? hostname : percentDecoded(last).slice(0, 80);
}

/** As it stands where it is no right coding. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
