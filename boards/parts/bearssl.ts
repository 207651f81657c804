// BearSSL's sources, for the benchmark: what it needs of hashes, ciphers, curves and records.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { partSources } from './debian_source.js';

export const bearsslPin = {
  title: 'BearSSL',
  version: '0.6',
  package: 'bearssl',
  suite: 'bookworm',
  sha256: '102a625bd8f6155260867a50c508df8d8c3f796985dd744df1a68e5cd1a79004',
  variable: 'BEARSSL_DIR',
  witness: 'src/ssl/ssl_rec_cbc.c',
};

const folders = ['aead', 'codec', 'ec', 'hash', 'int', 'kdf', 'mac', 'rsa', 'symcipher'];
const single = [
  'settings',
  'rand/hmac_drbg',
  'ssl/prf',
  'ssl/prf_sha256',
  'ssl/prf_sha384',
  'ssl/ssl_rec_cbc',
];

/** `{ files, include }`: what to compile, and the folders of its headers. */
export function bearssl() {
  const source = join(partSources(bearsslPin), 'src');
  const files = folders.flatMap((folder) =>
    readdirSync(join(source, folder))
      .filter((name) => name.endsWith('.c'))
      .sort()
      .map((name) => join(source, folder, name)),
  );
  return {
    files: [...files, ...single.map((name) => join(source, `${name}.c`))],
    include: [join(source, '../inc'), source],
  };
}
