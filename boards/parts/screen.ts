// A board's screen and keys from outside, as its user has them: QEMU's monitor takes keys and gives pictures; the board
// that is a program of this machine has its pixels in a file, and letters for keys.

import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sharp } from 'sharp';
import sharp from 'sharp';
import type { Key } from '../common/screen/screen.js';
import type { Board } from './boards.js';
import type { StartOptions } from './run.js';
import { ended, startClient } from './run.js';

export interface Picture {
  width: number;
  height: number;
  /** Red, green and blue of each pixel, rows from the top. */
  rgb: Buffer;
}

export interface Device {
  child: ChildProcess;
  press(key: Key): Promise<void>;
  look(): Promise<Picture>;
  close(): void;
}

/** Milliseconds for what the emulator does at once, where this machine is not busy. */
const PATIENCE = 60_000;
const INTERVAL = 50;

/** Of boards/linux, whose file says nothing of its shape. */
const [WIDTH, HEIGHT] = [320, 320] as const;
const LETTERS: Readonly<Record<Key, string>> = {
  up: 'k',
  down: 'j',
  left: 'h',
  right: 'l',
  select: '\n',
  back: 'b',
  reload: 'r',
  quit: 'q',
  none: '',
};
/** Where QEMU's name of a key is another. */
const NAMES: Partial<Readonly<Record<Key, string>>> = {
  select: 'spc',
  back: 'f1',
  reload: 'f2',
  quit: 'esc',
};

/**
 * Starts the client as startClient does, its standard input taken. Gives `{ child, press(key), look(), close() }`: `look`
 * resolves with `{ width, height, rgb }`, three bytes a pixel, rows from the top; `close` removes what was put on the disk
 * for it, once the board has ended.
 */
export function startOnScreen(
  board: Board,
  firmware: string,
  args: readonly string[],
  { stdio = ['pipe', 'pipe', 'pipe'], ...options }: StartOptions = {},
): Device {
  const folder = mkdtempSync(join(tmpdir(), 'deputy-screen-'));
  const start: Start = (more) => startClient(board, firmware, args, { ...options, ...more, stdio });
  const face = board.emulator ? emulated(folder, start, options) : program(folder, start);
  return { ...face, close: () => rmSync(folder, { recursive: true, force: true }) };
}

type Start = (more: StartOptions) => ChildProcess;

function program(folder: string, start: Start): Omit<Device, 'close'> {
  const file = join(folder, 'screen');
  const child = start({ env: { DEPUTY_SCREEN: file } });
  return {
    child,
    async press(key) {
      child.stdin?.write(LETTERS[key]);
    },
    async look() {
      const rgb = Buffer.alloc(3 * WIDTH * HEIGHT);
      const pixels = readFileSync(file);
      for (let i = 0; i < WIDTH * HEIGHT; i++) {
        const pixel = pixels.readUInt16LE(2 * i);
        rgb.set([(pixel >> 8) & 0xf8, (pixel >> 3) & 0xfc, (pixel << 3) & 0xf8], 3 * i);
      }
      return { width: WIDTH, height: HEIGHT, rgb };
    },
  };
}

function emulated(folder: string, start: Start, { emulator = [] }: StartOptions): Omit<Device, 'close'> {
  const path = join(folder, 'monitor');
  const child = start({
    emulator: [...emulator, '-monitor', `unix:${path.replaceAll(',', ',,')},server,nowait`],
  });
  let answers = '';
  let shots = 0;
  let monitor: Socket | undefined;
  const prompted = async () => {
    await until(() => answers.includes('(qemu)'), "QEMU's monitor does not answer");
    answers = '';
  };
  const command = async (text: string) => {
    if (monitor === undefined) {
      await until(() => existsSync(path), "QEMU's monitor does not open");
      monitor = connect(path);
      monitor.on('data', (bytes) => {
        answers += bytes;
      });
      // It ends with the board.
      monitor.on('error', () => {});
      await prompted();
    }
    monitor.write(`${text}\n`);
    await prompted();
  };
  return {
    child,
    // Held for 150 ms of virtual time: unasked, the monitor lets go sooner than a finger could.
    press: (key) => command(`sendkey ${NAMES[key] ?? key} 150`),
    async look() {
      const file = join(folder, `${shots++}.ppm`);
      await command(`screendump ${file}`);
      return until(() => existsSync(file) && pictureOf(readFileSync(file)), 'QEMU writes no picture');
    },
  };
}

// A whole PPM (raw, 8 bits); undefined where bytes are still to come.
function pictureOf(ppm: Buffer): Picture | undefined {
  const [head, ...size] = /^P6\n(\d+) (\d+)\n255\n/.exec(ppm.toString('latin1', 0, 32)) ?? [];
  const [width = 0, height = 0] = size.map(Number);
  if (head === undefined || ppm.length < head.length + 3 * width * height) return undefined;
  return { width, height, rgb: ppm.subarray(head.length) };
}

/** Resolves with what `attempt` gives once that is something. */
async function until<T>(attempt: () => T | undefined | false, wrong: string): Promise<T> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(INTERVAL)) {
    const result = attempt();
    if (result) return result;
  }
  throw new Error(`${wrong} within ${PATIENCE / 1000} s`);
}

export const pngOf = ({ width, height, rgb }: Picture): Sharp =>
  sharp(rgb, { raw: { width, height, channels: 3 } }).png();

/**
 * Browses as the arguments say; once the page is there, or why it is not, does `work` with the device and ends the browser.
 * Resolves with `{ status, said }`. `onSaid` gets what the board says as it does.
 */
export async function browseOnce(
  board: Board,
  firmware: string,
  args: readonly string[],
  work: (device: Device) => Promise<void>,
  { onSaid = () => {}, ...options }: StartOptions & { onSaid?: (bytes: Buffer) => void } = {},
): Promise<{ status: number; said: string }> {
  const device = startOnScreen(board, firmware, args, { ...options, stdio: ['pipe', 'inherit', 'pipe'] });
  let said = '';
  const status = ended(device.child);
  try {
    const shown = new Promise((resolve) => {
      device.child.stderr?.on('data', (bytes) => {
        onSaid(bytes);
        said += bytes;
        if (/^deputy: shows .*\n/m.test(said)) resolve(true);
      });
    });
    if (await Promise.race([shown, status.then(() => false)])) {
      await work(device);
      await device.press('quit');
    }
    return { status: await status, said };
  } finally {
    device.child.kill();
    device.close();
  }
}

/** Browses, and writes what the screen then shows to `file` as PNG. Resolves with the browser's status. */
export async function takeScreenshot(
  board: Board,
  firmware: string,
  args: readonly string[],
  file: string,
  options?: StartOptions,
): Promise<number> {
  const write = async (device: Device) => void (await pngOf(await settled(device)).toFile(file));
  const onSaid = (bytes: string | Uint8Array) => process.stderr.write(bytes);
  return (await browseOnce(board, firmware, args, write, { ...options, onSaid })).status;
}

// The screen once it stays as it is.
async function settled(device: Device): Promise<Picture> {
  for (let before: Picture | undefined; ; await sleep(2 * INTERVAL)) {
    const now = await device.look();
    if (before?.rgb.equals(now.rgb)) return now;
    before = now;
  }
}
