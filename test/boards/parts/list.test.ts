// npm run board -- list: what each board takes at its peak is measured, and within its budget.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { missingTranslator } from '../../../boards/aot/translate.js';
import { allBoards } from '../../../boards/parts/boards.js';

const command = fileURLToPath(new URL('../../../boards/parts/command.ts', import.meta.url));

interface Row {
  board: string;
  budget: { flash: number; ram: number } | null;
  used: { flash: number; ram: number | null } | null;
  usedAot: { flash: number; ram: number | null } | null;
  absent: string | null;
}

test('the list shows each board within its budget, or what is missing for it', {
  timeout: 900_000,
}, async () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', command, 'list', '--json'],
    {
      encoding: 'utf8',
    },
  );
  expect([status, stderr]).toEqual([0, '']);
  const rows: Row[] = JSON.parse(stdout);
  expect(rows.map(({ board }) => board)).toEqual((await allBoards()).map(({ name }) => name));
  for (const { board, budget, used, usedAot, absent } of rows) {
    if (used === null) {
      expect(absent, board).toMatch(/not found|; or let \w+ name a checkout of /);
      continue;
    }
    // POSIX has no word for how much heap a program took.
    expect(used.ram === null, board).toBe(board === 'posix');
    if (used.ram === null) continue;
    // A client with a main session and two conduits takes a mebibyte at least, a record of 16 KiB two of its size.
    expect(used.ram, board).toBeGreaterThan(board === 'netduinoplus2' ? 32 * 1024 : 2 ** 20);
    // The interpreter compiles into RAM, the compiler did into flash.
    if (usedAot !== null) expect(usedAot.ram, board).toBeLessThan(used.ram);
    else expect(board === 'netduinoplus2' || missingTranslator()).toBeTruthy();
    for (const { flash, ram } of budget === null ? [] : [used, usedAot ?? used]) {
      expect(flash, board).toBeLessThanOrEqual(budget!.flash);
      expect(ram, board).toBeLessThanOrEqual(budget!.ram);
    }
  }
});
