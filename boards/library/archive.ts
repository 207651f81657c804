// Objects to one archive that shows nothing but what its header declares.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Board } from '../parts/boards.js';

/** Bytes of what stands in the library in the end. */
export interface Share {
  /** What is only read: code and constants. */
  flash: number;
  /** Variables. Those with a first value take flash beside. */
  ram: number;
}

export interface Part {
  title: string;
  objects: readonly string[];
}

/**
 * Links the parts into one object, drops what `names` do not reach, hides every other name (a firmware may have a QuickJS or a
 * wasm3 of its own), and makes an archive of it. Gives each part's share.
 */
export function archive(
  board: Pick<Board, 'compiler' | 'cpu'>,
  output: string,
  parts: readonly Part[],
  names: readonly string[],
  options: readonly string[] = [],
): Map<string, Share> {
  const folder = mkdtempSync(join(tmpdir(), 'deputy-library-'));
  try {
    const whole = join(folder, 'whole.o');
    const map = join(folder, 'map');
    // A C library's specs bring a linker script, which is for whole programs.
    const cpu = board.cpu.filter((flag) => !/^-?-specs=/.test(flag));
    run(board.compiler, [
      ...[...cpu, '-r', '-nostdlib', '-Wl,--gc-sections', `-Wl,-Map=${map}`],
      ...names.map((name) => `-Wl,-u,${name}`),
      ...[...options, ...parts.flatMap(({ objects }) => objects), '-o', whole],
    ]);
    run(tool(board.compiler, 'objcopy'), [
      ...names.map((name) => `--keep-global-symbol=${name}`),
      ...[whole, join(folder, basename(output).replace(/\.a$/, '.o'))],
    ]);
    members(board, output, [join(folder, basename(output).replace(/\.a$/, '.o'))]);
    return shares(readFileSync(map, 'utf8'), parts);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An archive of objects as they are: the linker takes those that it needs. */
export function members(board: Pick<Board, 'compiler'>, output: string, objects: readonly string[]): void {
  rmSync(output, { force: true });
  // D: no dates and owners, so that the same sources give the same bytes.
  run(tool(board.compiler, 'ar'), ['rcsD', output, ...objects]);
}

/** `arm-none-eabi-gcc` → `arm-none-eabi-ar`, in the same folder. */
export function tool(compiler: string, name: string): string {
  const prefix = /^(.*-)?(gcc|cc|clang)(-[\d.]+)?$/.exec(basename(compiler))?.[1] ?? '';
  const folder = dirname(compiler);
  return folder === '.' ? `${prefix}${name}` : join(folder, `${prefix}${name}`);
}

/** What the linker's map says that each part has left. */
export function shares(map: string, parts: readonly Part[]): Map<string, Share> {
  const owners = new Map(
    parts.flatMap(({ title, objects }) => objects.map((object) => [object, title] as const)),
  );
  const found = new Map<string, Share>(parts.map(({ title }) => [title, { flash: 0, ram: 0 }]));
  const kept = map.slice(map.indexOf('Linker script and memory map'));
  // A long name stands on a line of its own.
  for (const [, section, size, object] of kept.matchAll(
    /^ (\.[\w.$-]+)\s+0x[\da-f]+\s+0x([\da-f]+) (\S+\.o)$/gm,
  )) {
    const share = found.get(owners.get(object!) ?? '');
    if (share === undefined) continue;
    const bytes = Number.parseInt(size!, 16);
    if (/^\.(text|rodata|data)/.test(section!)) share.flash += bytes;
    if (/^\.(data|bss)|^COMMON/.test(section!)) share.ram += bytes;
  }
  return found;
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed:\n${stderr ?? error?.message}`);
}
