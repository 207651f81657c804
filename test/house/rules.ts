// The house's rules (each a "never"), as functions of a tree of files. A violation is one line that names its file.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assignments } from './assignments.js';
import { circles, type Import, importsOf, sourcesBelow } from './imports.js';

export interface Rule {
  never: string;
  violations(house: House): Promise<string[]> | string[];
}

export interface House {
  root: string;
  files: readonly string[];
  imports: readonly Import[];
}

export async function readHouse(root: string): Promise<House> {
  const files = await sourcesBelow(root, ['assembly', 'host', 'boards']);
  return { root, files, imports: await importsOf(root, files) };
}

const below = (path: string, ...folders: string[]) => folders.some((folder) => path.startsWith(`${folder}/`));

/** The imports of files below `folders` that `forbidden` names. */
const trespasses = (
  { imports }: House,
  folders: readonly string[],
  forbidden: (target: string, file: string) => boolean,
): string[] =>
  imports
    .filter(({ file, target }) => below(file, ...folders) && forbidden(target, file))
    .map(({ file, target }) => `${file} imports ${target}`);

/** `host/services/cache/index.ts` is of `cache`; files beside the folders belong to all. */
const serviceOf = (path: string) => /^host\/services\/([^/]+)\//.exec(path)?.[1];

const SHARED_BOARDS = ['common', 'node', 'parts', 'bench', 'aot', 'library'];
const boardOf = (path: string) => {
  const name = /^boards\/([^/]+)\//.exec(path)?.[1];
  return name === undefined || SHARED_BOARDS.includes(name) ? undefined : name;
};

export const RULES: readonly Rule[] = [
  {
    never: 'a circle of imports, types included',
    violations: ({ imports }) => circles(imports).map((group) => group.join(' - ')),
  },
  {
    never: 'the ground, the protocol or the client importing Node.js or the proxy',
    violations: (house) =>
      trespasses(
        house,
        ['host/client', 'host/delegation', 'host/tls', 'host/http', 'host/engine'],
        (target) => target.startsWith('node:') || below(target, 'host/proxy', 'host/platform/node'),
      ),
  },
  {
    never: 'the device program importing anything outside itself',
    violations: (house) => trespasses(house, ['assembly'], (target) => !below(target, 'assembly')),
  },
  {
    never: 'a service importing another service or the proxy',
    violations: (house) =>
      trespasses(house, ['host/services'], (target, file) => {
        const other = serviceOf(target);
        return below(target, 'host/proxy') || (other !== undefined && other !== serviceOf(file));
      }),
  },
  {
    never: 'the proxy importing a concrete service, the client or the command',
    violations: (house) =>
      trespasses(
        house,
        ['host/proxy'],
        (target) => serviceOf(target) !== undefined || below(target, 'host/client', 'host/cli'),
      ),
  },
  {
    never: 'anything but the command and its workers importing the operator',
    violations: (house) =>
      trespasses(
        house,
        ['host'],
        (target, file) =>
          below(target, 'host/operator') && !below(file, 'host/cli', 'host/operator', 'host/workers'),
      ),
  },
  {
    never: "a board's folder reaching into another's",
    violations: async ({ root, files, imports }) => {
      const boards = new Set(files.map(boardOf).filter((name) => name !== undefined));
      const reaching = imports
        .filter(({ file, target }) => boardOf(file) && boardOf(target) && boardOf(file) !== boardOf(target))
        .map(({ file, target }) => `${file} imports ${target}`);
      const naming: string[] = [];
      for (const file of files.filter((each) => boardOf(each) !== undefined)) {
        const text = await readFile(join(root, file), 'utf8');
        const others = [...boards].filter((name) => name !== boardOf(file));
        const named = others.find((name) => text.includes(`../${name}/`) || text.includes(`boards/${name}/`));
        if (named !== undefined) naming.push(`${file} names a file of ${named}`);
      }
      return [...new Set([...reaching, ...naming])];
    },
  },
  {
    never: 'a wire number of TLS outside host/tls and assembly',
    violations: (house) => matches(house, WIRE_NUMBER, ['host/tls']),
  },
  {
    never: 'a grammar of HTTP heads outside host/http',
    violations: (house) => matches(house, HEAD_GRAMMAR, ['host/http']),
  },
  { never: "a class assigning another class's field", violations: ({ root }) => assignments(root) },
];

/** A version, a suite, a group or an extension of TLS, in whatever place of the code. */
const WIRE_NUMBER =
  /\b0x(?:030[0-4]|130[0-5]|c0[0-9a-f]{2}|cca[0-9a-f]|00(?:2f|3[3-9cd]|9[c-f])|ff01|11ec)\b/;
/** A regular expression that takes apart a start line or a field line. */
const HEAD_GRAMMAR = /\/\^?[^\n/]*HTTP\\\/|\[!#\$%&'\*\+[^\n]*\]\+[^\n]*:/;

const COMMENT = /^\s*(?:\/\/|\/?\*).*$/gm;

/** Files of the host layer and the boards with a line that `pattern` matches; `home` is where such lines belong. */
async function matches({ root, files }: House, pattern: RegExp, home: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const file of files.filter((each) => /\.(ts|mjs)$/.test(each) && !below(each, 'assembly', ...home))) {
    const text = await readFile(join(root, file), 'utf8');
    if (pattern.test(text.replace(COMMENT, ''))) found.push(file);
  }
  return found;
}
