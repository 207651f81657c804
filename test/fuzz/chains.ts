// Certificates to begin with: chains of the project's own authority, and odd ones from Debian's collection of test vectors.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority } from '../../host/cli/demo/authority/authority.js';
import { nameConstraints } from '../../host/cli/demo/authority/certificate.js';
import { certificateList } from '../assembly/handshake/device.js';

const COLLECTION = '/usr/lib/python3/dist-packages/cryptography_vectors/x509';
const LONGEST = 16_000;

const input = (root: Uint8Array, chain: Uint8Array[], name = 0): Buffer =>
  Buffer.concat([Buffer.from([0, name, root.length >> 8, root.length & 255]), root, certificateList(chain)]);

export async function makeChains(): Promise<Buffer[]> {
  const names = ['www.example.org', '*.example.org', '192.0.2.7', '2001:db8::7'];
  const chains: Buffer[] = [];
  for (const keyType of ['ec-p256', 'rsa-2048'] as const) {
    const authority = await createAuthority({ keyType });
    const intermediate = { permitted: ['example.org', '192.0.2.0/24'], excluded: ['bad.example.org'] };
    const issued = await Promise.all([
      authority.issue({ names, keyType }),
      authority.issue({ names, keyType, intermediates: 3 }),
      authority.issue({
        names,
        keyType,
        intermediate: () => ({ extensions: [nameConstraints(intermediate)] }),
      }),
    ]);
    for (const [i, { chainDer }] of issued.entries()) chains.push(input(authority.root.der, chainDer, i));
  }
  for (const der of await collected()) chains.push(input(der, [der]));
  return chains.filter(({ length }) => length <= LONGEST);
}

/** None where the package is not installed: the chains above stand alone then. */
async function collected(): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  const names = await readdir(COLLECTION, { recursive: true }).catch(() => []);
  for (const name of names.sort()) {
    if (name.endsWith('.der')) found.push(await readFile(join(COLLECTION, name)));
    if (!name.endsWith('.pem')) continue;
    const text = await readFile(join(COLLECTION, name), 'latin1');
    const block = /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(text);
    if (block?.[1]) found.push(Buffer.from(block[1], 'base64'));
  }
  return found;
}
