// The pages: the manual of Apache httpd as Debian packages it, served by Apache itself.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type Apache, startApache } from '../host/proxy/resumption/apache.js';

const PACKAGE = 'apache2-doc';
const kept = new URL('../../build/apache2-doc/', import.meta.url).pathname;

export interface Manual {
  origin: Apache;
  /** Paths of the English pages, and their bytes. */
  pages: readonly { path: string; bytes: number }[];
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
      .map(async (name) => ({
        path: `/${relative(root, join(english, name))}`,
        bytes: (await readFile(join(english, name))).length,
      })),
  );
  const stop = async () => {
    await origin.stop();
    await rm(root, { recursive: true, force: true });
  };
  return { origin, pages, stop };
}
