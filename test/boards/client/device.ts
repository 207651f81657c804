// A board with a screen, and what its console says.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Key } from '../../../boards/common/screen/screen.js';
import { ended } from '../../../boards/parts/run.js';
import { type Picture, pngOf, type Device as Screen, startOnScreen } from '../../../boards/parts/screen.js';
import { rgbOf } from '../common/screen/paper.js';
import type { Firmware } from './firmware.js';

const [WIDTH, HEIGHT] = [320, 320];
const PATIENCE = { timeout: 60_000, interval: 100 };

export class Device {
  said = '';
  status: number | undefined;
  readonly #screen: Screen;

  constructor({ board, file }: Firmware, args: readonly string[]) {
    this.#screen = startOnScreen(board, file, args);
    const { child } = this.#screen;
    child.stdout!.resume();
    child.stderr!.on('data', (bytes) => {
      this.said += bytes;
    });
    void ended(child).then((status) => {
      this.status = status;
    });
  }

  press(key: Key): Promise<void> {
    return this.#screen.press(key);
  }

  look(): Promise<Picture> {
    return this.#screen.look();
  }

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
    const wanted: Picture = { width: WIDTH, height: HEIGHT, rgb: rgbOf(expected) };
    let seen: Picture | undefined;
    try {
      await expect
        .poll(async () => {
          seen = await this.look();
          return seen.width === WIDTH && seen.height === HEIGHT && seen.rgb.equals(wanted.rgb);
        }, PATIENCE)
        .toBe(true);
    } catch (error) {
      for (const [picture, what] of [
        [seen, 'seen'],
        [wanted, 'expected'],
      ] as const) {
        if (picture === undefined) continue;
        const file = join(tmpdir(), `deputy-screen-${name}-${what}.png`);
        await pngOf(picture).toFile(file);
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
    this.#screen.child.kill('SIGKILL');
    this.#screen.close();
  }
}

/** Keeps what a device shows as a PNG, where DEPUTY_SHOTS names a folder: for people to look at. */
export async function keepShot(device: Device, name: string): Promise<void> {
  const folder = process.env.DEPUTY_SHOTS;
  if (folder) writeFileSync(join(folder, `${name}.png`), await pngOf(await device.look()).toBuffer());
}
