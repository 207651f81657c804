// What can be said of flashing without hardware: images hold what was linked, in the right places, and the tools take them.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBoard, missingTools } from '../../../boards/parts/boards.js';
import { flashCommands } from '../../../boards/parts/flash_commands.js';
import { boardImages } from '../../../boards/parts/images.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const isInstalled = (tool: string) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined;

interface Piece {
  address: number;
  bytes: Buffer;
}

/** Bytes that a loader places, by the program headers (System V ABI, chapter 5): their physical addresses. */
function segments(elf: Buffer): Piece[] {
  const pieces: Piece[] = [];
  for (let i = 0; i < elf.readUInt16LE(0x2c); i++) {
    const at = elf.readUInt32LE(0x1c) + i * elf.readUInt16LE(0x2a);
    const [type, offset, , address, length] = [0, 4, 8, 12, 16].map((field) => elf.readUInt32LE(at + field));
    if (type === 1 && length! > 0)
      pieces.push({ address: address!, bytes: elf.subarray(offset!, offset! + length!) });
  }
  return pieces;
}

/** Records of Intel hex: data, and the upper halves of the addresses that follow. */
function hexPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let upper = 0;
  for (const line of text.split('\n')) {
    if (!line.startsWith(':')) continue;
    const record = Buffer.from(line.slice(1).trim(), 'hex');
    expect(record.reduce((sum, byte) => (sum + byte) & 255, 0)).toBe(0);
    const data = record.subarray(4, 4 + record[0]!);
    if (record[3] === 0) pieces.push({ address: upper + record.readUInt16BE(1), bytes: data });
    if (record[3] === 2) upper = data.readUInt16BE(0) * 16;
    if (record[3] === 4) upper = data.readUInt16BE(0) * 0x10000;
  }
  return pieces;
}

/** Regions of the linker script's MEMORY. */
function regions(script: string): { name: string; start: number; end: number }[] {
  const size = (text: string) =>
    text
      .split('-')
      .map(
        (part) =>
          Number(part.trim().replace(/[KM]$/, '')) *
          (part.includes('M') ? 2 ** 20 : part.includes('K') ? 1024 : 1),
      )
      .reduce((whole, less) => whole - less);
  return [...script.matchAll(/(\w+) *\([rwx]+\) *: *ORIGIN = (0x[0-9a-f]+), LENGTH = ([^\n]+)/g)].map(
    ([, name, start, length]) => ({ name: name!, start: Number(start), end: Number(start) + size(length!) }),
  );
}

for (const name of ['mps2-an500', 'netduinoplus2', 'palm-tungsten-e', 'riscv32-virt']) {
  const board = await findBoard(name);
  const absent = missingTools(board);
  describe.skipIf(absent)(`the image of ${board.title}${absent ? ` (skipped: ${absent})` : ''}`, () => {
    let files: Awaited<ReturnType<typeof boardImages>>;
    let linked: Piece[];
    const inRegion = (address: number, length = 1) =>
      regions(readFileSync(join(root, 'boards', name, board.linkerScript!), 'utf8')).find(
        ({ start, end }) => address >= start && address + length <= end,
      )?.name;
    beforeAll(async () => {
      files = await boardImages(board);
      linked = segments(readFileSync(files.elf));
      if (board.programAddress !== undefined)
        linked.push({
          address: board.programAddress,
          bytes: readFileSync(join(root, `build/${board.program}.wasm`)),
        });
    });

    test('lies inside of the memory that the board has', () => {
      expect(linked.length).toBeGreaterThan(0);
      for (const { address, bytes } of linked) {
        // The linker script ends where the program beside begins.
        if (address !== board.programAddress) expect(inRegion(address, bytes.length)).toBeDefined();
      }
    });

    test('.bin and .hex are the bytes that the ELF file loads', () => {
      const start = Math.min(...linked.map(({ address }) => address));
      const end = Math.max(...linked.map(({ address, bytes }) => address + bytes.length));
      // What lies between sections is zero in memory that a loader fills, and erased in flash.
      const gap = board.programAddress === undefined ? 0 : 0xff;
      const whole = Buffer.alloc(end - start, gap);
      const fromHex = Buffer.alloc(end - start, gap);
      for (const { address, bytes } of linked) bytes.copy(whole, address - start);
      for (const { address, bytes } of hexPieces(readFileSync(files.hex, 'utf8')))
        bytes.copy(fromHex, address - start);
      const bin = readFileSync(files.bin);
      expect(bin.length).toBe(whole.length);
      expect(differences(bin, whole, linked, start)).toBe(0);
      expect(differences(fromHex, whole, linked, start)).toBe(0);
    });

    test.skipIf(!board.cpu.some((option) => option.startsWith('-mcpu=cortex-m')))(
      'begins with a stack in RAM and a reset handler of Thumb code in flash',
      () => {
        const [first] = linked;
        const [stack, reset] = [first!.bytes.readUInt32LE(0), first!.bytes.readUInt32LE(4)];
        // The stack pointer is one past the last byte.
        expect(inRegion(stack - 4, 4)).toBe('sram');
        expect(stack % 8).toBe(0);
        expect(reset % 2).toBe(1);
        expect(inRegion(reset - 1)).toBe(inRegion(first!.address));
      },
    );
  });
}

/** Bytes inside of the pieces that differ. */
function differences(found: Buffer, expected: Buffer, pieces: readonly Piece[], start: number): number {
  let count = 0;
  for (const { address, bytes } of pieces)
    for (let at = address - start; at < address - start + bytes.length; at++)
      if (found[at] !== expected[at]) count++;
  return count;
}

const noCompiler = missingTools(await findBoard('netduinoplus2'));

describe('npm run flash', () => {
  const flash = (args: readonly string[], env = process.env) =>
    spawnSync(process.execPath, ['--import', 'tsx', join(root, 'boards/parts/flash.ts'), ...args], {
      encoding: 'utf8',
      env,
    });
  const files = { bin: '/images/deputy.bin', hex: '/images/deputy.hex' };
  const line = async (board: string, probe?: string) =>
    flashCommands(await findBoard(board), probe, files).map((command) => command.join(' '));

  test('takes the board’s best probe unless told', async () => {
    expect(await line('netduinoplus2')).toEqual([
      'openocd -f interface/stlink.cfg -f target/stm32f4x.cfg -c program {/images/deputy.hex} verify reset exit',
    ]);
    expect(await line('netduinoplus2', 'dfu')).toEqual([
      'cp /images/deputy.bin /images/deputy.dfu',
      'dfu-suffix --vid 0483 --pid df11 --add /images/deputy.dfu',
      'dfu-util --alt 0 --dfuse-address 0x08000000:leave --download /images/deputy.dfu',
    ]);
  });

  test('says what to do where there is no way', async () => {
    await expect(line('palm-tungsten-e')).rejects.toThrow('no connector for a probe');
    await expect(line('riscv32-virt')).rejects.toThrow('exists in QEMU alone');
    await expect(line('linux')).rejects.toThrow("can't be flashed");
    await expect(line('mps2-an500', 'dfu')).rejects.toThrow('it takes cmsis-dap');
    expect(flash(['palm-tungsten-e'])).toMatchObject({ status: 1, stdout: '' });
    expect(flash([]).status).toBe(2);
    expect(flash(['--help'])).toMatchObject({ status: 0, stdout: expect.stringContaining('--dry-run') });
    expect(flash(['nope']).stderr).toMatch(/no board 'nope'; there is linux/);
  });

  test.skipIf(noCompiler)('prints what would run, and what to install where it is missing', () => {
    const dry = flash(['netduinoplus2', '--dry-run']);
    expect(dry.status).toBe(0);
    expect(dry.stdout).toMatch(/^openocd .*deputy\.hex\} verify reset exit'$/m);
    const folder = mkdtempSync(join(tmpdir(), 'deputy-flash-'));
    try {
      // The compiler alone: a shell finds no OpenOCD on this path.
      for (const tool of ['gcc', 'objcopy'])
        spawnSync('ln', ['-s', `/usr/bin/arm-none-eabi-${tool}`, join(folder, `arm-none-eabi-${tool}`)]);
      const { status, stderr } = flash(['netduinoplus2'], { ...process.env, PATH: folder });
      expect(status).toBe(1);
      expect(stderr).toContain('openocd not found; on Debian: apt-get install openocd');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.skipIf(!isInstalled('openocd')).each(['netduinoplus2', 'mps2-an500'])(
    'OpenOCD takes the script of %s, and misses nothing but the probe',
    async (board) => {
      const [[program, ...args]] = flashCommands(await findBoard(board), 'cmsis-dap', files) as [
        [string, ...string[]],
      ];
      const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 20_000 });
      expect(status).toBe(1);
      expect(stderr).toContain('unable to find a matching CMSIS-DAP device');
      expect(stderr).not.toMatch(/invalid command|wrong # args|Can't find|syntax/i);
    },
  );

  describe.skipIf(!isInstalled('dfu-suffix') || noCompiler)('for dfu-util', () => {
    const folder = mkdtempSync(join(tmpdir(), 'deputy-dfu-'));
    afterAll(() => rmSync(folder, { recursive: true }));

    test('the suffix names the device', async () => {
      const board = await findBoard('netduinoplus2');
      const bin = join(folder, 'deputy.bin');
      copyFileSync((await boardImages(board)).bin, bin);
      const [copy, suffix] = flashCommands(board, 'dfu', { bin, hex: '' });
      for (const command of [copy!, suffix!]) expect(spawnSync(command[0]!, command.slice(1)).status).toBe(0);
      const { status, stdout } = spawnSync('dfu-suffix', ['--check', bin.replace(/bin$/, 'dfu')], {
        encoding: 'utf8',
      });
      expect(status).toBe(0);
      expect(stdout).toMatch(/Vendor ID:\s+0x0483/);
      expect(stdout).toMatch(/Product ID:\s+0xDF11/);
    });
  });
});
