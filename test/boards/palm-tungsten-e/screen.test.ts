// What the screen shows, by screenshots through QEMU's monitor, while the origin withholds the end of the page.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { font } from '../../../boards/palm-tungsten-e/font.mjs';
import { World } from '../../host/client/world.js';
import { firmware, Papers, through } from '../client/firmware.js';

const palm = await firmware('palm-tungsten-e');
const [WIDTH, HEIGHT, LINE, CELL] = [320, 320, 13, 8];
const COLUMNS = WIDTH / CELL;
const LINES = Math.floor(HEIGHT / LINE);

/** Black pixels of a portable pixmap (P6), a row a string; it must hold black and white alone. */
function inked(ppm: Buffer): string[] {
  const head = `P6\n${WIDTH} ${HEIGHT}\n255\n`;
  expect(ppm.toString('latin1', 0, head.length)).toBe(head);
  const pixels = ppm.subarray(head.length);
  return Array.from({ length: HEIGHT }, (_, y) =>
    Array.from({ length: WIDTH }, (__, x) => (pixels[3 * (y * WIDTH + x)]! < 128 ? '#' : '.')).join(''),
  );
}

/** Reads the lines of text off the screen: each cell must be exactly a glyph of the font. */
function read(rows: readonly string[], glyphs: ReadonlyMap<string, string>): string[] {
  return Array.from({ length: LINES }, (_, line) =>
    Array.from({ length: COLUMNS }, (__, column) => {
      const cell = rows
        .slice(line * LINE, (line + 1) * LINE)
        .map((row) => row.slice(column * CELL, (column + 1) * CELL));
      return glyphs.get(cell.join('')) ?? '\ufffd';
    })
      .join('')
      .trimEnd(),
  );
}

function glyphs(): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, code, rows] of readFileSync(font(), 'utf8').matchAll(/^ {2}\{(\d+), \{([\d,]+)\}\},$/gm)) {
    const bits = rows!.split(',').map((row) => Number(row).toString(2).padStart(8, '0'));
    const drawn = bits.join('').replaceAll('1', '#').replaceAll('0', '.');
    const character = String.fromCodePoint(Number(code));
    // Of characters that look the same, the first: ASCII.
    if (!found.has(drawn)) found.set(drawn, character);
  }
  return found;
}

async function screenshot(monitor: string, file: string): Promise<Buffer> {
  const socket = connect(monitor);
  let said = '';
  socket.on('data', (bytes) => {
    said += bytes;
  });
  await expect.poll(() => said, { timeout: 20_000 }).toContain('(qemu)');
  said = '';
  socket.write(`screendump ${file}\n`);
  await expect.poll(() => said, { timeout: 20_000 }).toContain('(qemu)');
  await expect.poll(() => existsSync(file), { timeout: 20_000 }).toBe(true);
  socket.destroy();
  return readFileSync(file);
}

describe.skipIf(palm.reason)(`the Palm's screen${palm.reason ? ` (skipped: ${palm.reason})` : ''}`, () => {
  let world: World;
  let papers: Papers;
  let roots: string;
  let folder: string;
  beforeAll(async () => {
    world = await World.create();
    papers = new Papers();
    roots = papers.write('roots.pem', world.authority.root.pem);
    folder = mkdtempSync(join(tmpdir(), 'deputy-screen-'));
  });
  afterAll(async () => {
    await world.close();
    papers.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the screen shows once the client has fetched `text`. */
  async function shown(name: string, text: string): Promise<string[]> {
    const waiting: ServerResponse[] = [];
    const origin = await world.origin((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
      response.write(text);
      waiting.push(response);
    });
    const proxy = await world.proxy();
    const monitor = join(folder, `${name}.sock`);
    const args = ['get', `${origin.url}/`, ...through(proxy, roots, roots)];
    const running = palm.firmware!.run(args, { emulator: ['-monitor', `unix:${monitor},server,nowait`] });
    let lines: string[] = [];
    let attempt = 0;
    const last = text.trimEnd().split(/[\s]/).at(-1)!;
    await expect
      .poll(
        async () => {
          if (waiting.length === 0 || !existsSync(monitor)) return '';
          lines = read(inked(await screenshot(monitor, join(folder, `${name}-${attempt++}.ppm`))), glyphs());
          return lines.join('\n');
        },
        { timeout: 40_000, interval: 500 },
      )
      .toContain(last);
    waiting[0]!.end();
    expect((await running).status).toBe(0);
    return lines;
  }

  test('shows a page as text in its font, wrapped at words', { timeout: 120_000 }, async () => {
    const long = 'x'.repeat(COLUMNS + 5);
    const text = `Deputy on a handheld: “ça va”, said the proxy\n\nand\ttabs ${long}\nend-of-page`;
    const lines = await shown('wrap', text);
    expect(lines.slice(0, 6)).toEqual([
      'Deputy on a handheld: “ça va”, said the',
      'proxy',
      '',
      'and     tabs',
      'x'.repeat(COLUMNS),
      'xxxxx',
    ]);
    expect(lines[6]).toBe('end-of-page');
  });

  test('scrolls', { timeout: 120_000 }, async () => {
    const all = Array.from({ length: 60 }, (_, i) => `line ${i}`);
    const lines = await shown('scroll', `${all.join('\n')}\nend-of-page`);
    expect(lines).toEqual([...all.slice(1 - LINES), 'end-of-page']);
  });
});
