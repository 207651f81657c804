// The library where there is no operating system, and as other build systems find it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { shares, tool } from '../../../boards/library/archive.js';
import { buildLibrary } from '../../../boards/library/build.js';
import { targetOf } from '../../../boards/library/toolchain.js';
import { findBoard, missingTools } from '../../../boards/parts/boards.js';
import { ended, startClient } from '../../../boards/parts/run.js';
import { TOKEN, World } from '../../host/client/world.js';
import { examples, must, scratch } from './programs.js';

const board = await findBoard('mps2-an500');
const absent = missingTools(board);
const others = [await findBoard('riscv32-virt'), await findBoard('palm-tungsten-e')];

describe.skipIf(absent)(
  `the library on a Cortex-M7 without an operating system${absent ? ` (skipped: ${absent})` : ''}`,
  () => {
    const { folder, remove } = scratch();
    afterAll(remove);

    test('fetches a page through a delegated session, and blinks meanwhile', {
      timeout: 300_000,
    }, async () => {
      const world = await World.create();
      try {
        const proxy = await world.proxy();
        const origin = await world.origin((_, response) => response.end('a page for a board\n'));
        const roots = join(folder, 'roots.pem');
        writeFileSync(roots, world.authority.root.pem);
        await buildLibrary(board, folder);
        const program = join(folder, 'fetch.elf');
        const lib = join(folder, 'lib');
        must(board.compiler, [
          // The board's start hands its arguments to hostRun (common/host.h).
          ...[
            ...board.cpu,
            '-O2',
            '-Wall',
            '-Wextra',
            '-Werror',
            '-Dmain=hostRun',
            `-I${join(folder, 'include')}`,
          ],
          ...[
            join(examples, 'fetch.c'),
            '-nostartfiles',
            '-T',
            join(lib, board.linkerScript!),
            '-Wl,--gc-sections',
          ],
          ...Object.entries(board.budget!).map(([name, bytes]) => `-Wl,--defsym=${name}Budget=${bytes}`),
          ...[join(lib, 'libdeputy.a'), join(lib, 'libdeputy_port.a'), '-lm', '-o', program],
        ]);
        const child = startClient(
          { ...board, hostAddress: undefined } as never,
          program,
          ['fetch', `${origin.url}/`, '10.0.2.2', String(proxy.port), roots, TOKEN, 'localhost'],
          { stdio: ['ignore', 'pipe', 'pipe'] },
        );
        let out = '';
        let said = '';
        child.stdout!.on('data', (bytes) => {
          out += bytes;
        });
        child.stderr!.on('data', (bytes) => {
          said += bytes;
        });
        expect({ status: await ended(child), out, said }).toMatchObject({
          status: 0,
          out: 'a page for a board\n',
        });
        expect(said).toMatch(/^\*+status 200\n/);
      } finally {
        await world.close();
      }
    });
  },
);

describe('the library of other boards', () => {
  for (const other of others) {
    const lacking = missingTools(other);
    const title = `${other.name} shows its own names alone${lacking ? ` (skipped: ${lacking})` : ''}`;
    test.skipIf(lacking)(title, { timeout: 300_000 }, async () => {
      const { folder, remove } = scratch();
      try {
        const { deputy } = await buildLibrary(other, folder);
        const shown = must(tool(other.compiler, 'nm'), [
          '-g',
          '--defined-only',
          join(folder, 'lib/libdeputy.a'),
        ]);
        const names = [...shown.matchAll(/ [TDRB] (\w+)$/gm)].map(([, name]) => name!);
        expect(names.filter((name) => !name.startsWith('deputy'))).toEqual([]);
        expect(names).toContain('deputyPoll');
        for (const { flash } of deputy.values()) expect(flash).toBeGreaterThan(10_000);
      } finally {
        remove();
      }
    });
  }
});

describe('a library for a toolchain of one’s own', () => {
  const { folder, remove } = scratch();
  afterAll(remove);

  test('is compiled as CMake’s toolchain file says, and found by CMake', { timeout: 300_000 }, async () => {
    const file = join(folder, 'own.cmake');
    writeFileSync(
      file,
      'set(CMAKE_SYSTEM_NAME Linux)\nset(CMAKE_C_COMPILER gcc)\nset(CMAKE_C_FLAGS_INIT "-O1 -fno-plt")\n',
    );
    const own = await targetOf(file);
    expect(own).toMatchObject({ compiler: 'gcc', cpu: ['-O1', '-fno-plt'] });
    const library = join(folder, 'library');
    await buildLibrary(own, library);
    const project = join(folder, 'project');
    mkdirSync(project);
    writeFileSync(
      join(project, 'CMakeLists.txt'),
      `cmake_minimum_required(VERSION 3.18)
project(own C)
find_package(Deputy CONFIG REQUIRED)
add_executable(records "${join(examples, 'records.c')}")
target_link_libraries(records Deputy::record)
`,
    );
    must('cmake', [
      '-S',
      project,
      '-B',
      join(folder, 'made'),
      `-DCMAKE_PREFIX_PATH=${library}`,
      `-DCMAKE_TOOLCHAIN_FILE=${file}`,
    ]);
    must('cmake', ['--build', join(folder, 'made')]);
    expect(must(join(folder, 'made/records'), [])).toContain('changed: refused\na line for the other side\n');
    // Nothing of the inside is seen from outside: the firmware may have a QuickJS or a wasm3 of its own.
    const names = (name: string) =>
      must('nm', ['-g', '--defined-only', join(library, 'lib', name)])
        .split('\n')
        .flatMap((line) => / [TDRB] (\w+)$/.exec(line)?.[1] ?? []);
    expect(names('libdeputy.a').filter((name) => !name.startsWith('deputy'))).toEqual([]);
    expect(names('libdeputy_record.a').filter((name) => !/^(program|recordWasm)/.test(name))).toEqual([]);
    expect(readFileSync(join(library, 'MAP.txt'), 'utf8')).toMatch(/in all +\d{6} +\d{5}\n/);
  });

  test('takes no target that is neither a board nor a file, and no file without a compiler', async () => {
    await expect(targetOf('no-such-board')).rejects.toThrow(
      /is no board \(.*linux.*\) and no toolchain file/,
    );
    const empty = join(folder, 'empty.cmake');
    writeFileSync(empty, '');
    await expect(targetOf(empty)).rejects.toThrow('sets no CMAKE_C_COMPILER');
  });
});

describe('the tools beside a compiler', () => {
  test.each([
    ['gcc', 'ar'],
    ['arm-none-eabi-gcc', 'arm-none-eabi-ar'],
    ['/opt/x/bin/riscv64-unknown-elf-gcc', '/opt/x/bin/riscv64-unknown-elf-ar'],
    ['gcc-12', 'ar'],
  ])('of %s are called %s', (compiler, archiver) => {
    expect(tool(compiler, 'ar')).toBe(archiver);
  });
});

describe('the map', () => {
  test('counts what is left, each part by its objects, and nothing that was dropped', () => {
    const map = `Discarded input sections

 .text.gone     0x0000000000000000       0x40 /o/a.o

Linker script and memory map

 .text.short    0x0000000000000000       0x10 /o/a.o
 .text.a_name_that_is_long
                0x0000000000000010       0x20 /o/b.o
 .data.x        0x0000000000000000        0x4 /o/b.o
 .bss.y         0x0000000000000000        0x8 /o/b.o
 .debug_info    0x0000000000000000      0x100 /o/b.o
`;
    const parts = [
      { title: 'a', objects: ['/o/a.o'] },
      { title: 'b', objects: ['/o/b.o'] },
    ];
    expect(Object.fromEntries(shares(map, parts))).toEqual({
      a: { flash: 16, ram: 0 },
      b: { flash: 36, ram: 12 },
    });
  });
});
