// `deputy proxy` as a process of its own, on loopback, with a certificate of the test's authority.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Authority } from '../../host/cli/demo/authority/authority.js';
import { buildCommand, Command } from './command.js';

export interface ProxyCommandOptions {
  /** Issues the proxy's certificate, for `localhost`. */
  authority: Authority;
  /** Where its files are written. */
  folder: string;
  /** Of each client, by name. */
  tokens: Readonly<Record<string, string>>;
  args?: string[];
  /** Options of the Node process. */
  node?: string[];
}

/** Resolves when it listens. */
export async function startProxyCommand({
  authority,
  folder,
  tokens,
  args = [],
  node = [],
}: ProxyCommandOptions): Promise<{ command: Command; port: number }> {
  buildCommand();
  const path = (name: string) => join(folder, name);
  const issued = await authority.issue({ names: ['localhost'] });
  await writeFile(path('proxy.pem'), issued.chainPem);
  await writeFile(path('proxy.key'), issued.keyPem);
  const lines = Object.entries(tokens).map(([name, token]) => `${name}:${token}\n`);
  await writeFile(path('tokens'), lines.join(''));
  const command = Command.start(
    [
      ...['proxy', '--listen', '127.0.0.1:0', '--cert', path('proxy.pem'), '--key', path('proxy.key')],
      ...['--token-file', path('tokens'), '--allow-target', '127.0.0.0/8', '--json', ...args],
    ],
    { node },
  );
  const [, port] = await command.says(/"port":(\d+)/);
  return { command, port: Number(port) };
}
