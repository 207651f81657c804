// `npm run sbom`: what a build is made of, in CycloneDX 1.6: the C parts and fonts of the firmware, and the npm packages
// that an installation brings. The same sources give the same bytes: no time of making and no random number is in it.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fontSources } from './fonts.js';
import { lwipPin } from './lwip.js';
import { jpegPin, pngPin, zlibPin } from './pictures.js';
import { quickjsPin } from './quickjs.js';
import { wasm3Pin } from './wasm3.mjs';

interface Component {
  type: 'library' | 'data' | 'application';
  name: string;
  version: string;
  'bom-ref': string;
  purl?: string;
  hashes?: { alg: string; content: string }[];
  licenses: ({ expression: string } | { license: { name: string } })[];
  scope?: 'optional';
}

export interface BillOfMaterials {
  bomFormat: 'CycloneDX';
  specVersion: '1.6';
  version: 1;
  metadata: { component: Component };
  components: Component[];
}

interface Pin {
  title: string;
  version: string;
  package: string;
  sha256: string;
}

const root = new URL('../../', import.meta.url);
const readJson = (name: string) => JSON.parse(readFileSync(new URL(name, root), 'utf8'));
const sha256 = (content: string) => [{ alg: 'SHA-256', content }];

/** A part whose upstream archive Debian distributes. */
function debianPart(
  { title, version, package: source, sha256: content }: Pin,
  expression: string,
): Component {
  const purl = `pkg:deb/debian/${source}@${version}?arch=source`;
  const name = title;
  return {
    type: 'library',
    name,
    version,
    'bom-ref': purl,
    purl,
    hashes: sha256(content),
    licenses: [{ expression }],
  };
}

function firmwareParts(): Component[] {
  const purl = `pkg:npm/${wasm3Pin.package}`;
  const wasm3: Component = {
    ...{ type: 'library', name: 'wasm3', version: wasm3Pin.version, 'bom-ref': 'wasm3', purl },
    ...{ hashes: sha256(wasm3Pin.sha256), licenses: [{ expression: 'MIT' }] },
  };
  return [
    wasm3,
    debianPart(quickjsPin, 'MIT'),
    debianPart(lwipPin, 'BSD-3-Clause'),
    debianPart(zlibPin, 'Zlib'),
    debianPart(pngPin, 'libpng-2.0'),
    debianPart(jpegPin, 'IJG AND BSD-3-Clause AND Zlib'),
    ...fonts(),
    ...npmPackages((path) => BUNDLED.includes(path)),
  ];
}

/** Of the packages that the build alone takes, those whose code goes into firmware. */
const BUNDLED = ['node_modules/bidi-js'];

/** Bitmaps of X.Org's fonts. A font has no version of its own: its hash says which it is. */
function fonts(): Component[] {
  const notices: Record<string, string> = {
    'xfonts-100dpi': 'permission notice of Adobe Systems and Digital Equipment (X.Org font-adobe-100dpi)',
    'xfonts-base': 'public domain (X.Org font-misc-misc)',
  };
  return Object.values(fontSources).map(({ package: source, file, sha256: content }) => {
    const name = file.replace(/^.*\//, '');
    const license = { name: notices[source] ?? '' };
    const reference = `${source}/${name}`;
    return {
      ...{ type: 'data', name: reference, version: content.slice(0, 12), 'bom-ref': reference },
      ...{ hashes: sha256(content), licenses: [{ license }] },
    };
  });
}

interface Locked {
  version: string;
  integrity?: string;
  license?: string;
  dev?: boolean;
  optional?: boolean;
  devOptional?: boolean;
  name?: string;
}

const isBrought = (_: string, { dev, devOptional }: Locked) => !dev && !devOptional;

/** What `npm install` of the package brings, or others of its packages, as package-lock.json pins them. */
function npmPackages(isWanted: (path: string, locked: Locked) => boolean = isBrought): Component[] {
  const packages = Object.entries(readJson('package-lock.json').packages as Record<string, Locked>);
  return packages
    .filter(([path, locked]) => path !== '' && isWanted(path, locked))
    .map(([path, locked]) => {
      const name = locked.name ?? path.replace(/^.*node_modules\//, '');
      const [algorithm = '', digest = ''] = (locked.integrity ?? '').split('-');
      const content = Buffer.from(digest, 'base64').toString('hex');
      const purl = `pkg:npm/${name.replace('@', '%40')}@${locked.version}`;
      return {
        ...{ type: 'library', name, version: locked.version, 'bom-ref': path, purl },
        ...(content !== '' && { hashes: [{ alg: algorithm.replace('sha', 'SHA-'), content }] }),
        licenses: [{ expression: locked.license ?? 'NOASSERTION' }],
        ...(locked.optional && { scope: 'optional' }),
      } as Component;
    });
}

export function billOfMaterials(): BillOfMaterials {
  const { name, version, license } = readJson('package.json') as Record<string, string>;
  const licenses = [{ expression: `${license}` }];
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        name: `${name}`,
        version: `${version}`,
        'bom-ref': `${name}`,
        licenses,
      },
    },
    components: [...firmwareParts(), ...npmPackages()],
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = `${JSON.stringify(billOfMaterials(), null, 2)}\n`;
  const file = process.argv[2];
  if (file === undefined) process.stdout.write(text);
  else writeFileSync(file, text);
}
