// libpng with zlib, and libjpeg-turbo: what a board with a screen decodes pictures by, built to read and not to write.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { partSources } from './debian_source.js';

const build = fileURLToPath(new URL('../../build/parts', import.meta.url));

export const pngPin = {
  title: 'libpng',
  version: '1.6.39',
  package: 'libpng1.6',
  suite: 'bookworm',
  sha256: 'a00e9d2f2f664186e4202db9299397f851aea71b36a35e74910b8820e380d441',
  variable: 'LIBPNG_DIR',
  witness: 'pngread.c',
};
export const zlibPin = {
  title: 'zlib',
  version: '1.2.13',
  package: 'zlib',
  suite: 'bookworm',
  sha256: '71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1',
  variable: 'ZLIB_DIR',
  witness: 'inflate.c',
};
export const jpegPin = {
  title: 'libjpeg-turbo',
  version: '2.1.5',
  package: 'libjpeg-turbo',
  suite: 'bookworm',
  sha256: '254f3642b04e309fee775123133c6464181addc150499561020312ec61c1bf7c',
  variable: 'LIBJPEG_DIR',
  witness: 'jdapistd.c',
};

const pngUnits = [
  ...['png', 'pngerror', 'pngget', 'pngmem', 'pngread', 'pngrio', 'pngrtran', 'pngrutil', 'pngset'],
  'pngtrans',
];
const zlibUnits = ['adler32', 'crc32', 'inffast', 'inflate', 'inftrees', 'zutil'];
const jpegUnits = [
  ...['jcomapi', 'jdapimin', 'jdapistd', 'jdatasrc', 'jdcoefct', 'jdcolor', 'jddctmgr', 'jdhuff', 'jdicc'],
  ...['jdinput', 'jdmainct', 'jdmarker', 'jdmaster', 'jdmerge', 'jdphuff', 'jdpostct', 'jdsample', 'jerror'],
  ...['jidctflt', 'jidctfst', 'jidctint', 'jidctred', 'jmemmgr', 'jmemnobs', 'jquant1', 'jquant2'],
  ...['jsimd_none', 'jutils'],
];

// What their own build systems would find out: baseline and progressive JPEG of 8 bits, and no assembly.
const jconfig = `#define JPEG_LIB_VERSION 62
#define LIBJPEG_TURBO_VERSION ${jpegPin.version}
#define LIBJPEG_TURBO_VERSION_NUMBER 2001005
#define MEM_SRCDST_SUPPORTED
#define BITS_IN_JSAMPLE 8
`;
const jconfigint = `#include <stdint.h>
#define BUILD "deputy"
#define INLINE inline __attribute__((always_inline))
#define THREAD_LOCAL
#define PACKAGE_NAME "libjpeg-turbo"
#define VERSION "${jpegPin.version}"
#define SIZEOF_SIZE_T __SIZEOF_SIZE_T__
#define FALLTHROUGH __attribute__((fallthrough));
`;

/** Lines of libpng's own settings for what is not built. */
const unwanted =
  /_(WRITE|STDIO|CONSOLE_IO|PROGRESSIVE_READ|SIMPLIFIED|CONVERT_tIME|SAVE_INT_32)\w*_SUPPORTED/;

/** `{ files, includes, flags }` of all three. */
export function pictureDecoders() {
  const [png, zlib, jpeg] = [partSources(pngPin), partSources(zlibPin), partSources(jpegPin)] as const;
  const settings = join(build, `pictures-${pngPin.version}-${jpegPin.version}`);
  mkdirSync(settings, { recursive: true });
  const prebuilt = readFileSync(join(png, 'scripts/pnglibconf.h.prebuilt'), 'utf8');
  const written = {
    'pnglibconf.h': prebuilt
      .split('\n')
      .filter((line) => !unwanted.test(line))
      .join('\n'),
    'jconfig.h': jconfig,
    'jconfigint.h': jconfigint,
    'jversion.h': readFileSync(join(jpeg, 'jversion.h.in'), 'utf8').replace('@COPYRIGHT_YEAR@', '2023'),
  };
  for (const [name, text] of Object.entries(written)) {
    const file = join(settings, name);
    if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
  }
  return {
    files: [
      ...pngUnits.map((unit) => join(png, `${unit}.c`)),
      ...zlibUnits.map((unit) => join(zlib, `${unit}.c`)),
      ...jpegUnits.map((unit) => join(jpeg, `${unit}.c`)),
    ],
    headers: Object.keys(written).map((name) => join(settings, name)),
    includes: [settings, png, zlib, jpeg].map((folder) => `-I${folder}`),
    // Of zlib no functions of files, of libpng none for one processor, of libjpeg-turbo no environment.
    flags: ['-DNO_GETENV', '-DNO_PUTENV', '-DPNG_ARM_NEON_OPT=0', '-DPNG_INTEL_SSE_OPT=0', '-w'],
  };
}
