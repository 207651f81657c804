// Builds the library: libdeputy.a with its headers, and what build systems ask for.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compiledIn } from '../aot/compiled_in.js';
import type { Board, Engine } from '../parts/boards.js';
import { clientSources, clientWasm, embedded } from '../parts/client.js';
import { boards, compile, type Group, strictSanitizers, warnings } from '../parts/compile.js';
import { type Core, interpreter, translated } from '../parts/core.js';
import { lwip } from '../parts/lwip.js';
import { quickjs } from '../parts/quickjs.js';
import { archive, members, type Part, type Share } from './archive.js';

const own = ['deputy.c', 'exchange.c', 'options.c', 'kept_memory.c'].map((file) =>
  join(boards, 'library', file),
);
const shared = ['machine.c', 'native.c', 'wasm.c'].map((file) => join(boards, 'common', file));
const recordWasm = fileURLToPath(new URL('../../build/record.wasm', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

export interface LibraryOptions {
  engine?: Engine;
  /** Under AddressSanitizer and UndefinedBehaviorSanitizer. */
  sanitize?: boolean;
}

/** Bytes of each part of the two libraries. */
export interface Built {
  deputy: ReadonlyMap<string, Share>;
  record: ReadonlyMap<string, Share>;
}

/** Writes include/ and lib/ into `folder`. Throws where the compiler fails. */
export async function buildLibrary(
  board: Board,
  folder: string,
  { engine = 'wasm3', sanitize = false }: LibraryOptions = {},
): Promise<Built> {
  for (const name of ['include', 'lib/cmake/Deputy', 'lib/pkgconfig'])
    mkdirSync(join(folder, name), { recursive: true });
  const aot = engine === 'aot' ? compiledIn(clientWasm()) : undefined;
  const core = aot
    ? translated(aot.source, sanitize)
    : interpreter({ tuned: board.arm32 === true, sanitize });
  const script = quickjs();
  const checks = sanitize ? strictSanitizers : [];
  const near = [join(boards, 'common'), join(boards, 'library')];
  const flags = ['-O2', ...warnings, ...checks, `-I${script.include}`, `-I${join(boards, 'library')}`];
  const group = (files: readonly string[]): Group => ({ files, near, flags });
  const parts: [string, Group][] = [
    ["Deputy's own C", group([...own, ...shared, ...coreFiles(core)])],
    [aot ? 'device program, as C' : 'wasm3', core],
    ['QuickJS', { ...script, flags: [sanitize ? '-O1' : '-O2', ...script.flags, ...checks] }],
    [
      'the client as bytecode, and the device program',
      group(await clientSources({}, aot?.sha256, 'library/main.ts')),
    ],
  ];
  const names = declared('library/deputy.h', /\b(deputy[A-Z]\w*)\(/g);
  const deputy = archive(board, join(folder, 'lib/libdeputy.a'), compiled(board, parts), names, core.link);
  const record = buildRecord(board, folder, { sanitize, near, flags });
  if (board.sources.length + (board.clientSources?.length ?? 0) > 0)
    buildPort(board, folder, { near, flags });
  for (const header of ['library/deputy.h', 'common/board.h', 'common/program.h', 'library/record_program.h'])
    copyFileSync(join(boards, header), join(folder, 'include', header.replace(/.*\//, '')));
  writeFileSync(
    join(folder, 'lib/pkgconfig/deputy.pc'),
    pkgConfig('deputy', 'pages and streams of HTTPS origins'),
  );
  writeFileSync(
    join(folder, 'lib/pkgconfig/deputy_record.pc'),
    pkgConfig('deputy_record', 'TLS records, sealed and opened'),
  );
  writeFileSync(join(folder, 'lib/cmake/Deputy/DeputyConfig.cmake'), CMAKE);
  writeFileSync(join(folder, 'MAP.txt'), mapText(board, engine, { deputy, record }));
  return { deputy, record };
}

/** The record program with its interpreter, and nothing else. */
function buildRecord(
  board: Board,
  folder: string,
  { sanitize, near, flags }: { sanitize: boolean; near: string[]; flags: string[] },
): Map<string, Share> {
  const core = interpreter({ tuned: board.arm32 === true, sanitize });
  const parts: [string, Group][] = [
    ['wasm3', core],
    ["Deputy's own C", { files: coreFiles(core), near, flags }],
    ['the record program', { files: [embedded('recordWasm', readFileSync(recordWasm))], near, flags }],
  ];
  const names = [
    ...declared('common/program.h', /\b(program[A-Z]\w*)[([]/g),
    'recordWasm',
    'recordWasmLength',
  ];
  return archive(board, join(folder, 'lib/libdeputy_record.a'), compiled(board, parts), names, core.link);
}

/** The board's own side of board.h, its start included: a program that has a `main` of its own does without. */
function buildPort(board: Board, folder: string, { near, flags }: { near: string[]; flags: string[] }): void {
  const here = (files: readonly string[] = []) => files.map((file) => join(boards, board.name, file));
  const common = (files: readonly string[] = []) => files.map((file) => join(boards, 'common', file));
  const files = [
    ...here([...board.sources, ...(board.clientSources ?? [])]),
    ...common([...board.common, ...(board.clientCommon ?? [])]),
  ].filter((file) => !/"screen\/\w+\.h"/.test(readFileSync(file, 'utf8')));
  const stack = board.lwip ? lwip() : undefined;
  const settings = join(boards, 'common/lwip');
  const includes = stack ? [`-I${stack.include}`, `-I${settings}`] : [];
  const groups: Group[] = [
    {
      files,
      near: [...near, join(boards, board.name)],
      flags: [...flags, ...includes, `-I${join(boards, board.name)}`],
    },
    ...(stack ? [{ files: stack.files, near: [settings], flags: ['-Os', ...includes] }] : []),
  ];
  members(
    board,
    join(folder, 'lib/libdeputy_port.a'),
    groups.flatMap((group) => compile(board, group)),
  );
  if (board.linkerScript)
    copyFileSync(join(boards, board.name, board.linkerScript), join(folder, 'lib', board.linkerScript));
}

const coreFiles = (core: Core) => core.common.map((file) => join(boards, 'common', file));

const compiled = (board: Board, parts: readonly [string, Group][]): Part[] =>
  parts.map(([title, group]) => ({ title, objects: compile(board, group) }));

/** The names that a header declares. */
function declared(header: string, pattern: RegExp): string[] {
  const code = readFileSync(join(boards, header), 'utf8').replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '');
  return [...new Set([...code.matchAll(pattern)].map(([, name]) => name!))];
}

const pkgConfig = (name: string, text: string) => `prefix=\${pcfiledir}/../..
Name: ${name}
Description: Deputy: ${text}
Version: ${version}
Cflags: -I\${prefix}/include
Libs: -L\${prefix}/lib -l${name} -lm
`;

const CMAKE = `# find_package(Deputy CONFIG) gives Deputy::deputy and Deputy::record.
get_filename_component(_deputy "\${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
foreach(_each deputy record)
  set(_file deputy)
  if(_each STREQUAL record)
    set(_file deputy_record)
  endif()
  if(NOT TARGET Deputy::\${_each})
    add_library(Deputy::\${_each} STATIC IMPORTED)
    set_target_properties(Deputy::\${_each} PROPERTIES
      IMPORTED_LOCATION "\${_deputy}/lib/lib\${_file}.a"
      INTERFACE_INCLUDE_DIRECTORIES "\${_deputy}/include"
      INTERFACE_LINK_LIBRARIES m)
  endif()
endforeach()
`;

/** What each part takes, for people. */
function mapText({ title }: Board, engine: Engine, { deputy, record }: Built): string {
  const table = (name: string, shares: ReadonlyMap<string, Share>) => {
    const total = { flash: 0, ram: 0 };
    const rows = [...shares].map(([part, { flash, ram }]) => {
      total.flash += flash;
      total.ram += ram;
      return row(part, flash, ram);
    });
    return [`${name}, bytes`, row('', 'flash', 'RAM'), ...rows, row('in all', total.flash, total.ram)].join(
      '\n',
    );
  };
  return `${title}, engine ${engine}

${table('libdeputy.a', deputy)}

${table('libdeputy_record.a', record)}

RAM here is what is static. The heap comes on top: \`npm run board -- list\` measures it at its peak on the boards here, and
boardHeapPeak() of a port on others.
`;
}

const row = (title: string, flash: number | string, ram: number | string) =>
  `  ${title.padEnd(50)}${String(flash).padStart(9)}${String(ram).padStart(9)}`;
