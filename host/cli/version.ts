// The version of this package.
import { existsSync, readFileSync } from 'node:fs';

/** As package.json says; the same file is found from the sources and from dist/. */
export function packageVersion(): string {
  const places = ['../../package.json', '../../../package.json'].map(
    (path) => new URL(path, import.meta.url),
  );
  const file = places.find((place) => existsSync(place));
  return file === undefined ? 'unknown' : String(JSON.parse(readFileSync(file, 'utf8')).version);
}
