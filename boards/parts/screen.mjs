// A board's screen and keys from outside, as its user has them: QEMU's monitor takes keys and gives pictures; the board
// that is a program of this machine has its pixels in a file, and letters for keys.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { ended, startClient } from './run.mjs';

/** Milliseconds for what the emulator does at once, where this machine is not busy. */
const PATIENCE = 60_000;
const INTERVAL = 50;

/** Of boards/linux, whose file says nothing of its shape. */
const [WIDTH, HEIGHT] = [320, 320];
const LETTERS = {
  up: 'k',
  down: 'j',
  left: 'h',
  right: 'l',
  select: '\n',
  back: 'b',
  reload: 'r',
  quit: 'q',
};
/** Where QEMU's name of a key is another. */
const NAMES = { select: 'spc', back: 'f1', reload: 'f2', quit: 'esc' };

/**
 * Starts the client as startClient does, its standard input taken. Gives `{ child, press(key), look(), close() }`: `look`
 * resolves with `{ width, height, rgb }`, three bytes a pixel, rows from the top; `close` removes what was put on the disk
 * for it, once the board has ended.
 */
export function startOnScreen(board, firmware, args, { stdio = ['pipe', 'pipe', 'pipe'], ...options } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'deputy-screen-'));
  const start = (more) => startClient(board, firmware, args, { ...options, ...more, stdio });
  const face = board.emulator ? emulated(folder, start, options) : program(folder, start);
  return { ...face, close: () => rmSync(folder, { recursive: true, force: true }) };
}

function program(folder, start) {
  const file = join(folder, 'screen');
  const child = start({ env: { DEPUTY_SCREEN: file } });
  return {
    child,
    async press(key) {
      child.stdin.write(LETTERS[key]);
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

function emulated(folder, start, { emulator = [] }) {
  const path = join(folder, 'monitor');
  const child = start({
    emulator: [...emulator, '-monitor', `unix:${path.replaceAll(',', ',,')},server,nowait`],
  });
  let [answers, shots] = ['', 0];
  let monitor;
  const prompted = async () => {
    await until(() => answers.includes('(qemu)'), "QEMU's monitor does not answer");
    answers = '';
  };
  const command = async (text) => {
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
function pictureOf(ppm) {
  const [head, width, height] = /^P6\n(\d+) (\d+)\n255\n/.exec(ppm.toString('latin1', 0, 32)) ?? [];
  if (head === undefined || ppm.length < head.length + 3 * width * height) return undefined;
  return { width: Number(width), height: Number(height), rgb: ppm.subarray(head.length) };
}

/** Resolves with what `attempt` gives once that is something. */
async function until(attempt, wrong) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(INTERVAL)) {
    const result = attempt();
    if (result) return result;
  }
  throw new Error(`${wrong} within ${PATIENCE / 1000} s`);
}

export const pngOf = ({ width, height, rgb }) => sharp(rgb, { raw: { width, height, channels: 3 } }).png();

/**
 * Browses as the arguments say; once the page is there, or why it is not, does `work` with the device and ends the browser.
 * Resolves with `{ status, said }`. `onSaid` is told what the board says as it does.
 */
export async function browseOnce(board, firmware, args, work, { onSaid = () => {}, ...options } = {}) {
  const device = startOnScreen(board, firmware, args, { ...options, stdio: ['pipe', 'inherit', 'pipe'] });
  let said = '';
  const status = ended(device.child);
  try {
    const shown = new Promise((resolve) => {
      device.child.stderr.on('data', (bytes) => {
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
export async function takeScreenshot(board, firmware, args, file, options) {
  const write = async (device) => void (await pngOf(await settled(device)).toFile(file));
  const onSaid = (bytes) => process.stderr.write(bytes);
  return (await browseOnce(board, firmware, args, write, { ...options, onSaid })).status;
}

// The screen once it stays as it is.
async function settled(device) {
  for (let before; ; await sleep(2 * INTERVAL)) {
    const now = await device.look();
    if (before?.rgb.equals(now.rgb)) return now;
    before = now;
  }
}
