import type { ChildProcess } from 'node:child_process';
import type { Sharp } from 'sharp';
import type { Key } from '../common/screen/screen.js';
import type { Board } from './firmware.mjs';
import type { StartOptions } from './run.mjs';

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

export function startOnScreen(
  board: Board,
  firmware: string,
  args: readonly string[],
  options?: StartOptions,
): Device;
export function pngOf(picture: Picture): Sharp;
export function browseOnce(
  board: Board,
  firmware: string,
  args: readonly string[],
  work: (device: Device) => Promise<void>,
  options?: StartOptions & { onSaid?: (bytes: Buffer) => void },
): Promise<{ status: number; said: string }>;
export function takeScreenshot(
  board: Board,
  firmware: string,
  args: readonly string[],
  file: string,
  options?: StartOptions,
): Promise<number>;
