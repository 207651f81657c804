// The pages: the manual of Apache httpd as Debian packages it, served by Apache itself.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type Apache, startApache } from '../host/proxy/fetch/apache.js';

const PACKAGE = 'apache2-doc';
const kept = new URL('../../build/apache2-doc/', import.meta.url).pathname;

/** An English page. */
export interface ManualPage {
  path: string;
  bytes: number;
  /** The style sheets, scripts and pictures that a browser shows it with, each once. */
  parts: readonly string[];
  /** With these. */
  bytesWithParts: number;
}

export interface Manual {
  origin: Apache;
  pages: readonly ManualPage[];
  stop(): Promise<void>;
}

/** Why there is no manual; undefined where there is one, or after it was obtained. */
export async function missingManual(): Promise<string | undefined> {
  if (!existsSync('/usr/sbin/apache2')) return 'apache2-bin is not installed';
  if (existsSync(join(kept, 'manual/en/index.html'))) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'deputy-manual-'));
  try {
    // Not installed, only unpacked: it is of no use to anything else here.
    execFileSync('apt-get', ['download', '-qq', PACKAGE], { cwd: folder, stdio: 'pipe', timeout: 120_000 });
    const [file] = await readdir(folder);
    execFileSync('dpkg-deb', ['-x', join(folder, file!), join(folder, 'x')]);
    await mkdir(kept, { recursive: true });
    for (const part of ['en', 'images', 'style'])
      await cp(join(folder, 'x/usr/share/doc/apache2-doc/manual', part), join(kept, 'manual', part), {
        recursive: true,
      });
    return undefined;
  } catch (error) {
    return `apt-get download ${PACKAGE} failed: ${(error as Error).message.split('\n')[0]}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const TYPES = {
  'text/html': 'html',
  'text/css': 'css',
  'text/javascript': 'js',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/svg+xml': 'svg',
};

export async function serveManual(): Promise<Manual> {
  // Apache's workers must be able to read it, wherever this checkout lies.
  const root = await mkdtemp(join(tmpdir(), 'deputy-pages-'));
  await cp(kept, root, { recursive: true });
  execFileSync('chmod', ['-R', 'a+rX', root]);
  const origin = await startApache([
    'LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so',
    'TypesConfig /dev/null',
    ...Object.entries(TYPES).map(([type, extension]) => `AddType ${type} .${extension}`),
    `DocumentRoot "${root}"`,
    'MaxKeepAliveRequests 0',
  ]);
  const english = join(root, 'manual/en');
  const names = await readdir(english, { recursive: true });
  const pages = await Promise.all(
    names
      .filter((name) => name.endsWith('.html'))
      .sort()
      .map(async (name): Promise<ManualPage> => {
        const file = join(english, name);
        const text = await readFile(file, 'utf8');
        const sized = await Promise.all(
          partsOf(text).map(async (part) => {
            const found = join(file, '..', part);
            return { path: `/${relative(root, found)}`, bytes: await bytesOf(found) };
          }),
        );
        const bytes = await bytesOf(file);
        return {
          path: `/${relative(root, file)}`,
          bytes,
          parts: sized.filter((part) => part.bytes > 0).map(({ path }) => path),
          bytesWithParts: sized.reduce((sum, part) => sum + part.bytes, bytes),
        };
      }),
  );
  const stop = async () => {
    await origin.stop();
    await rm(root, { recursive: true, force: true });
  };
  return { origin, pages, stop };
}

/** What a browser fetches for the screen: pictures, scripts, and style sheets that are neither for print nor others' stead. */
function partsOf(page: string): string[] {
  const tags = page.match(/<(?:img|script|link)\b[^>]*>/gi) ?? [];
  const wanted = tags.filter(
    (tag) => !/^<link/i.test(tag) || (/rel="stylesheet"/i.test(tag) && !/media="print"/i.test(tag)),
  );
  const addresses = wanted.map((tag) => /\s(?:src|href)="([^":#?]+)"/i.exec(tag)?.[1]);
  return [...new Set(addresses.filter((address) => address !== undefined))];
}

const bytesOf = async (file: string) => (await stat(file).catch(() => undefined))?.size ?? 0;
