// What the package needs beside the build: wasm3's sources, so that an installation takes no other package for them,
// and the declarations once more as those of CommonJS modules, for programs that call require().
import { cpSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packSources } from '../parts/wasm3.mjs';

packSources();

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const declarations = fileURLToPath(new URL('../../build/declarations', import.meta.url));
rmSync(declarations, { recursive: true, force: true });
for (const folder of ['host', 'assembly'])
  cpSync(`${dist}/${folder}`, `${declarations}/${folder}`, {
    recursive: true,
    filter: (from) => statSync(from).isDirectory() || from.endsWith('.d.ts'),
  });
mkdirSync(declarations, { recursive: true });
// The nearest package.json says what a .d.ts describes.
writeFileSync(`${declarations}/package.json`, '{ "type": "commonjs" }\n');
