// The screen's font: the X Window System's "fixed", in the public domain, from Debian's console fonts, as a table in C.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const build = fileURLToPath(new URL('../../build/parts', import.meta.url));
const packageName = 'console-setup-linux';
const fontFile = 'usr/share/consolefonts/Lat15-Fixed13.psf.gz';
const sha256 = 'be8877344f5f9d0d55ac0406cc344e8028164c5dbf0ce25cea785006bd78cd00';

/** Path of a C file that defines what font.h declares. Throws where the font can't be had. */
export function font() {
  const file = join(build, `font-${sha256.slice(0, 12)}.c`);
  if (existsSync(file)) return file;
  const psf = gunzipSync(compressed());
  const found = createHash('sha256').update(psf).digest('hex');
  if (found !== sha256)
    throw new Error(`the font of ${packageName} has SHA-256 ${found}, expected ${sha256}`);
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, table(psf));
  renameSync(unfinished, file);
  return file;
}

// From this machine where it is installed, else from the package, unpacked into a folder of its own.
function compressed() {
  const installed = `/${fontFile}`;
  if (existsSync(installed)) return readFileSync(installed);
  mkdirSync(build, { recursive: true });
  const work = mkdtempSync(join(build, 'fetch-'));
  try {
    run('apt-get', ['download', '-qq', packageName], work);
    const [archive] = readdirSync(work);
    run('dpkg-deb', ['-x', archive, 'unpacked'], work);
    return readFileSync(join(work, 'unpacked', fontFile));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function run(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'ignore' });
  if (status !== 0) throw new Error(`no font; on Debian: apt-get install ${packageName}`);
}

// PC Screen Font, version 1: four bytes, the glyphs a byte a row, then for each its code points, ended by 0xffff; what
// follows 0xfffe is a sequence of combining marks.
function table(psf) {
  const [, , mode, height] = psf;
  const count = mode & 1 ? 512 : 256;
  const glyphs = new Map();
  let at = 4 + count * height;
  for (let i = 0; i < count; i++) {
    let sequence = false;
    for (; psf.readUInt16LE(at) !== 0xffff; at += 2) {
      const code = psf.readUInt16LE(at);
      if (code === 0xfffe) sequence = true;
      else if (!sequence) glyphs.set(code, psf.subarray(4 + i * height, 4 + (i + 1) * height));
    }
    at += 2;
  }
  const rows = [...glyphs].sort(([a], [b]) => a - b).map(([code, rows]) => `  {${code}, {${[...rows]}}},\n`);
  return `#include "font.h"

_Static_assert(FONT_HEIGHT == ${height}, "the font has another height");
const Glyph fontGlyphs[] = {
${rows.join('')}};
const int fontLength = ${rows.length};
`;
}
