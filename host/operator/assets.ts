// The files of the page, as they are served.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

export interface Asset {
  content: Buffer;
  type: string;
}

const FILES: readonly (readonly [path: string, file: string, type: string])[] = [
  ['/', 'page.html', 'text/html; charset=utf-8'],
  ['/page.css', 'page.css', 'text/css; charset=utf-8'],
  ['/page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['/icon.svg', 'icon.svg', 'image/svg+xml'],
];

/** The sources and dist/ are beside each other; the script is in dist/ alone, the rest in the sources. */
const FOLDERS = ['./page/', '../../../host/operator/page/', '../../dist/host/operator/page/'];

/** All of them by their paths; they are few and small. */
export async function assets(): Promise<Map<string, Asset>> {
  const found = FILES.map(async ([path, file, type]) => {
    const places = FOLDERS.map((folder) => new URL(folder + file, import.meta.url));
    const place = places.find((each) => existsSync(each)) ?? places[0]!;
    return [path, { content: await readFile(place), type }] as const;
  });
  return new Map(await Promise.all(found));
}
