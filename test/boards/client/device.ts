// A board with a screen, as its user has it: keys to press and a picture to look at.
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect } from 'vitest';
import { KEYS, type Key } from '../../../boards/common/screen/screen.js';
import { ended, type StartOptions, startClient } from '../../../boards/parts/run.mjs';
import { rgbOf } from '../common/screen/paper.js';
import type { Firmware } from './firmware.js';

const [WIDTH, HEIGHT] = [320, 320];
const PATIENCE = { timeout: 60_000, interval: 100 };

export abstract class Device {
  said = '';
  status: number | undefined;
  protected readonly folder = mkdtempSync(join(tmpdir(), 'deputy-screen-'));
  protected readonly child: ChildProcess;

  constructor({ board, file }: Firmware, args: readonly string[], options: (folder: string) => StartOptions) {
    const start: StartOptions = { ...options(this.folder), stdio: ['pipe', 'pipe', 'pipe'] };
    this.child = startClient(board, file, args, start);
    this.child.stdout!.resume();
    this.child.stderr!.on('data', (bytes) => {
      this.said += bytes;
    });
    void ended(this.child).then((status) => {
      this.status = status;
    });
  }

  abstract press(key: Key): Promise<void>;
  /** Red, green and blue of each pixel, rows from the top. */
  abstract look(): Promise<Buffer>;

  /** Waits until the console has said `text`, so many times in all. */
  async hears(text: string, times = 1): Promise<void> {
    await expect
      .poll(
        () => (this.status !== undefined ? `ended: ${this.said}` : this.said.split(text).length - 1),
        PATIENCE,
      )
      .toBe(times);
  }

  /** Waits until the screen is, pixel by pixel, `expected` (16 bits each); `name` names what is kept of a difference. */
  async shows(expected: Uint16Array, name: string): Promise<void> {
    const wanted = rgbOf(expected);
    let seen: Buffer = Buffer.alloc(0);
    try {
      await expect
        .poll(async () => {
          seen = await this.look();
          return seen.equals(wanted);
        }, PATIENCE)
        .toBe(true);
    } catch (error) {
      for (const [pixels, what] of [
        [seen, 'seen'],
        [wanted, 'expected'],
      ] as const) {
        const file = join(tmpdir(), `deputy-screen-${name}-${what}.png`);
        await pngOf(pixels).toFile(file);
        this.said += `${what}: ${file}\n`;
      }
      throw new Error(`the screen is not as expected\n${this.said}`, { cause: error });
    }
  }

  async ends(): Promise<number> {
    await expect.poll(() => this.status, PATIENCE).toBeDefined();
    return this.status!;
  }

  close(): void {
    this.child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const pngOf = (rgb: Buffer) =>
  sharp(rgb, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } }).png();

/** boards/linux: the screen is a file, the keys are letters. */
export class ProgramDevice extends Device {
  constructor(firmware: Firmware, args: readonly string[]) {
    super(firmware, args, (folder) => ({ env: { DEPUTY_SCREEN: join(folder, 'screen') } }));
  }

  async press(key: Key): Promise<void> {
    this.child.stdin!.write('kjhl\nbrq'[KEYS.indexOf(key) - 1]!);
  }

  async look(): Promise<Buffer> {
    const bytes = readFileSync(join(this.folder, 'screen'));
    return rgbOf(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2));
  }
}

/** An emulated board: keys and screenshots by QEMU's monitor. */
export class EmulatedDevice extends Device {
  #monitor: Socket | undefined;
  #answers = '';
  #shots = 0;

  constructor(firmware: Firmware, args: readonly string[]) {
    super(firmware, args, (folder) => ({
      emulator: ['-monitor', `unix:${join(folder, 'monitor')},server,nowait`],
    }));
  }

  async press(key: Key): Promise<void> {
    const names: Partial<Record<Key, string>> = { select: 'spc', back: 'f1', reload: 'f2', quit: 'esc' };
    // Held for 150 ms of virtual time: unasked, the monitor lets go sooner than a finger could.
    await this.#command(`sendkey ${names[key] ?? key} 150`);
  }

  async look(): Promise<Buffer> {
    const file = join(this.folder, `${this.#shots++}.ppm`);
    await this.#command(`screendump ${file}`);
    await expect.poll(() => existsSync(file), PATIENCE).toBe(true);
    const head = `P6\n${WIDTH} ${HEIGHT}\n255\n`;
    let ppm = Buffer.alloc(0);
    await expect
      .poll(() => {
        ppm = readFileSync(file);
        return ppm.length;
      }, PATIENCE)
      .toBe(head.length + 3 * WIDTH * HEIGHT);
    expect(ppm.toString('latin1', 0, head.length)).toBe(head);
    return ppm.subarray(head.length);
  }

  async #command(text: string): Promise<void> {
    if (this.#monitor === undefined) {
      const path = join(this.folder, 'monitor');
      await expect.poll(() => existsSync(path), PATIENCE).toBe(true);
      this.#monitor = connect(path);
      this.#monitor.on('data', (bytes) => {
        this.#answers += bytes;
      });
      this.#monitor.on('error', () => {});
      await this.#prompted();
    }
    this.#monitor.write(`${text}\n`);
    await this.#prompted();
  }

  async #prompted(): Promise<void> {
    await expect.poll(() => this.#answers, PATIENCE).toContain('(qemu)');
    this.#answers = '';
  }
}

/** Keeps what a device shows as a PNG, where DEPUTY_SHOTS names a folder: for people to look at. */
export async function keepShot(device: Device, name: string): Promise<void> {
  const folder = process.env.DEPUTY_SHOTS;
  if (folder) writeFileSync(join(folder, `${name}.png`), await pngOf(await device.look()).toBuffer());
}
