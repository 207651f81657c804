// Pages of a folder, served over TLS as a plain server does: types by the names of files, no character set.
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { extname, join, relative, resolve, sep } from 'node:path';
import { testAuthority } from '../host/proxy/bench.js';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.gif': 'image/gif',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.webp': 'image/webp',
  '.xhtml': 'application/xhtml+xml',
};
const PAGE = /\.x?html?$/i;

export interface FolderPage {
  path: string;
  bytes: Buffer;
}

export interface PageFolder {
  port: number;
  pages: readonly FolderPage[];
  stop(): Promise<void>;
}

/** Every page below `folder`, in the order of their names. Throws where there is none. */
export async function serveFolder(folder: string): Promise<PageFolder> {
  const root = resolve(folder);
  const names = (await readdir(root, { recursive: true })).sort().filter((name) => PAGE.test(name));
  if (names.length === 0) throw new Error(`${folder} holds no .html or .xhtml file`);
  const pages = await Promise.all(
    names.map(async (name) => ({
      path: `/${relative(root, join(root, name)).split(sep).map(encodeURIComponent).join('/')}`,
      bytes: await readFile(join(root, name)),
    })),
  );
  const { issued } = await testAuthority();
  const server = createServer({ cert: issued.chainPem, key: issued.keyPem }, (request, response) => {
    void answer(request.url ?? '/').then(
      ({ type, bytes }) =>
        response.writeHead(200, { 'Content-Type': type, 'Content-Length': bytes.length }).end(bytes),
      () => response.writeHead(404, { 'Content-Length': 0 }).end(),
    );
  });
  const answer = async (target: string) => {
    const { pathname } = new URL(target, 'https://localhost/');
    const file = join(root, decodeURIComponent(pathname));
    if (!file.startsWith(root + sep)) throw new Error('it lies elsewhere');
    return {
      type: TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream',
      bytes: await readFile(file),
    };
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { port: (server.address() as AddressInfo).port, pages, stop };
}
