// `npm run roots -- --out FILE`: makes the file of roots of what Debian's ca-certificates holds of Mozilla's authorities, or of
// any certificates in PEM. The same certificates give the same bytes.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ErrorCode } from '../../assembly/alert.js';
import { certificates } from '../../host/client/tls/pem.js';
import { tlsError } from '../../host/engine/error.js';
import { Guest } from '../../host/engine/guest.js';
import { keptUnusable } from '../../host/engine/tls.js';
import { loadV8 } from '../../host/engine/v8.js';
import { encodeRootList } from './root_list.js';

const FOLDER = '/usr/share/ca-certificates/mozilla';
/** More than a description of a root with the largest key and a long name. */
const ROOM = 8192;

const USAGE = `Usage: npm run roots -- --out FILE [--from FILE.pem] [--version NUMBER]

  --out FILE        the file of roots
  --from FILE       certificates in PEM, instead of ${FOLDER}
  --version NUMBER  what it is newer than; the date in the version of ca-certificates, or today's with --from
`;

/** All roots of the package, as PEM. Throws where it is not installed. */
export function mozillasRoots(): string {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.crt'));
  return names
    .sort()
    .map((name) => readFileSync(join(FOLDER, name), 'utf8'))
    .join('\n');
}

/** The file of roots that holds these certificates (DER). Throws where one of them is none that a device would keep. */
export async function rootList(version: number, ders: readonly Uint8Array[]): Promise<Buffer> {
  const wasm = readFileSync(new URL('../../build/primitives.wasm', import.meta.url));
  const guest = new Guest(await loadV8(wasm));
  const { trustNew, trustAdd, trustDescribe, trustFree } = guest.exports;
  const descriptions = ders.map((der) => {
    const trust = trustNew!();
    const added = guest.lend(der, (at, length) => trustAdd!(trust, at, length));
    if (added !== ErrorCode.None && !keptUnusable.has(added))
      throw tlsError(added, new X509Certificate(der).subject);
    const description = guest.room(ROOM, (at) => {
      const length = trustDescribe!(trust, at, ROOM);
      if (length < 0) throw tlsError(length, new X509Certificate(der).subject);
      return guest.copy(at, length);
    });
    trustFree!(trust);
    return description;
  });
  return encodeRootList(version, descriptions);
}

function packageVersion(): number {
  const text = execFileSync('dpkg-query', ['-W', '-f', '$' + '{Version}', 'ca-certificates'], {
    encoding: 'utf8',
  });
  return Number.parseInt(text, 10);
}

const today = () => Number(new Date().toISOString().slice(0, 10).replaceAll('-', ''));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      from: { type: 'string' },
      version: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help || values.out === undefined) {
    (values.help ? process.stdout : process.stderr).write(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const pem = values.from === undefined ? mozillasRoots() : readFileSync(values.from, 'utf8');
  const version = Number(values.version ?? (values.from === undefined ? packageVersion() : today()));
  if (!Number.isInteger(version) || version < 0 || version >= 2 ** 32)
    throw new Error('--version is a whole number');
  const ders = certificates(pem);
  const file = await rootList(version, ders);
  writeFileSync(values.out, file);
  console.log(`${values.out}: ${ders.length} roots of version ${version} in ${file.length} bytes`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error: Error) => {
    console.error(`roots: ${error.message}`);
    process.exitCode = 1;
  });
}
