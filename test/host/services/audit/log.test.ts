// The audit log: an unbroken chain whatever happens to its file, and no change of it that is not found.
import { spawnSync } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonical, type Json } from '../../../../host/services/audit/canonical.js';
import { hashOf } from '../../../../host/services/audit/entry.js';
import { AuditLog, type AuditLogOptions } from '../../../../host/services/audit/log.js';
import { partsOf } from '../../../../host/services/audit/parts.js';
import type { KeptReceipt } from '../../../../host/services/audit/receipts.js';
import { verify } from '../../../../host/services/audit/verify.js';

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deputy-audit-'));
});
afterAll(() => rm(folder, { recursive: true }));
const newFile = () => join(folder, `log-${++files}`);

/** A log of `count` entries, closed. */
async function logOf(count: number, options: Partial<AuditLogOptions> = {}): Promise<string> {
  const file = options.file ?? newFile();
  const log = await AuditLog.open({ file, ...options });
  await Promise.all(Array.from({ length: count }, (_, i) => log.append({ kind: 'test', i })));
  await log.close();
  return file;
}

const allParts = async (file: string) => [...(await partsOf(file)).map((part) => part.file), file];

describe('a log that is written', () => {
  test('is a chain from zeros on, each entry canonical and bearing the hash of the line before', async () => {
    const file = await logOf(3);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    let previous = '0'.repeat(64);
    for (const [i, line] of lines.entries()) {
      const entry = JSON.parse(line);
      expect(entry).toMatchObject({ entry: i + 1, previous, kind: 'test', i });
      expect(canonical(entry)).toBe(line);
      previous = hashOf(line);
    }
    expect(await verify([file])).toMatchObject({ valid: true, entries: 3, head: previous, unfinished: 0 });
  });

  test('tells each appender its place, however many append at once', async () => {
    const log = await AuditLog.open({ file: newFile(), sync: 'always' });
    const marks = await Promise.all(Array.from({ length: 100 }, () => log.append({ kind: 'test' })));
    expect(marks.map(({ entry }) => entry)).toEqual(marks.map((_, i) => i + 1));
    await log.close();
    await expect(log.append({ kind: 'test' })).rejects.toThrow('closed');
  });

  test('goes on where the last run ended', async () => {
    const file = await logOf(2);
    await logOf(2, { file });
    expect(await verify([file])).toMatchObject({ valid: true, entries: 4 });
  });

  test('goes on in new files from a size, and after a restart right there', async () => {
    const file = newFile();
    for (let run = 0; run < 3; run++) {
      const log = await AuditLog.open({ file, rotateBytes: 1000 });
      for (let i = 0; i < 10; i++) await log.append({ kind: 'test', i });
      await log.close();
    }
    const parts = await allParts(file);
    expect(parts.length).toBeGreaterThan(3);
    expect(parts.slice(0, 3)).toEqual([`${file}.1`, `${file}.2`, `${file}.3`]);
    expect(await verify(parts)).toMatchObject({ valid: true, entries: 30, endKnown: true });
    expect(await verify(parts.slice(2))).toMatchObject({
      valid: false,
      line: 1,
      why: expect.stringMatching(/beginning was removed/),
    });
    // Just set aside, nothing written since: the chain goes on from the newest part.
    await writeFile(file, '');
    await rm(`${file}.end`);
    const { head } = (await verify(parts.slice(0, -1))) as { head: string };
    await logOf(1, { file });
    expect(JSON.parse(await readFile(file, 'utf8')).previous).toBe(head);
  });

  test('loses the line that a crash cut short, and says so', async () => {
    const file = await logOf(3);
    const size = (await readFile(file)).length;
    await truncate(file, size - 10);
    expect(await verify([file])).toMatchObject({
      valid: false,
      why: expect.stringMatching(/end was cut off/),
    });
    await logOf(1, { file });
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(JSON.parse(lines[2]!)).toMatchObject({ entry: 3, kind: 'recovered', missing: 1 });
    expect(await verify([file])).toMatchObject({ valid: true, entries: 4, unfinished: 0, lost: 1 });
  });

  test.each([['no JSON'], ['{"kind":"test"}'], ['{"entry":0}'], ['null']])(
    'does not go on behind a last line that is no entry: %s',
    async (line) => {
      const file = newFile();
      await writeFile(file, `${line}\n`);
      await expect(AuditLog.open({ file })).rejects.toMatchObject({ code: 'AUDIT_DAMAGED' });
    },
  );

  test('does not write behind what somebody else wrote', async () => {
    const file = newFile();
    const log = await AuditLog.open({ file });
    await log.append({ kind: 'test' });
    await appendFile(file, 'intruder\n');
    await expect(log.append({ kind: 'test' })).rejects.toThrow('somebody else');
    await log.close();
  });

  test('names a file that it can not open', async () => {
    await expect(AuditLog.open({ file: join(folder, 'no', 'log') })).rejects.toMatchObject({
      code: 'AUDIT_UNREADABLE',
      message: expect.stringContaining('ENOENT'),
    });
  });

  test('rejects what a full disk does not take', async () => {
    const log = await AuditLog.open({ file: '/dev/full' });
    await expect(log.append({ kind: 'test' })).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(log.append({ kind: 'test' })).rejects.toThrow();
    await log.close();
  });

  test('goes on when there is room again, and says how many are missing', async () => {
    // The limit of a file's size cuts a write in the middle, as a full disk does.
    const file = newFile();
    const script = `
      const { AuditLog } = await import(${JSON.stringify(new URL('../../../../dist/host/services/audit/log.js', import.meta.url).href)});
      const { execFileSync } = await import('node:child_process');
      const log = await AuditLog.open({ file: ${JSON.stringify(file)} });
      let failed = 0;
      const append = () => log.append({ kind: 'test', text: 'x'.repeat(100) }).catch(() => { failed++; });
      for (let i = 0; i < 9; i++) await append();
      execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited']);
      for (let i = 0; i < 3; i++) await append();
      await log.close();
      console.log(failed);`;
    const run = spawnSync(
      'prlimit',
      ['--fsize=1200:unlimited', process.execPath, '--input-type=module', '-e', script],
      { encoding: 'utf8' },
    );
    expect(run.stderr).toBe('');
    const failed = Number(run.stdout);
    expect(failed).toBeGreaterThan(0);
    // And one that tells of the gap.
    expect(await verify([file])).toMatchObject({
      valid: true,
      entries: 13 - failed,
      unfinished: 0,
      lost: failed,
    });
    const told = (await readFile(file, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(told.find(({ kind }) => kind === 'lost')).toMatchObject({ entries: failed, entry: 10 - failed });
  });
});

describe('a log that was changed', () => {
  const receiptOf = (line: string): KeptReceipt => {
    const { log, entry, session, number, status, responseContent } = JSON.parse(line);
    const [{ bytes: bytesBefore }, { bytes: bytesAfter }] = responseContent;
    const head = hashOf(line);
    const own = { session, response: number, status, bytesBefore, bytesAfter, log, entry, head };
    return { proxy: 'p:1', origin: 'o:1', services: [], verified: true, hash: head, ...own };
  };
  const response = (number: number) => ({
    kind: 'response',
    session: 'ab',
    number,
    status: 200,
    responseContent: [
      { bytes: 5, sha256: 'x' },
      { bytes: 7, sha256: 'y' },
    ],
  });

  async function lines(): Promise<{ file: string; lines: string[]; receipts: KeptReceipt[] }> {
    const file = newFile();
    const log = await AuditLog.open({ file });
    for (let i = 1; i <= 5; i++) await log.append(response(i));
    await log.close();
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    return { file, lines, receipts: lines.map(receiptOf) };
  }

  test('shows every single byte that is another one', async () => {
    const { file } = await lines();
    const bytes = await readFile(file);
    const changed = newFile();
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const copy = Buffer.from(bytes);
        copy[at]! ^= by;
        await writeFile(changed, copy);
        const verdict = await verify([changed], [receiptOf(bytes.toString().trimEnd().split('\n')[4]!)]);
        expect(verdict.valid).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test.each<[string, (lines: string[]) => string[], number, RegExp]>([
    ['an entry is missing', (all) => all.toSpliced(2, 1), 3, /entry 4 follows entry 2/],
    ['two change places', ([a, b, c, ...rest]) => [a!, c!, b!, ...rest], 2, /entry 3 follows entry 1/],
    ['one comes twice', ([a, ...rest]) => [a!, a!, ...rest], 2, /entry 1 follows entry 1/],
    [
      'one tells something else',
      (all) => all.map((line, i) => (i === 2 ? line.replace('"status":200', '"status":404') : line)),
      4,
      /does not bear the hash/,
    ],
    ['white space is added', (all) => all.map((line, i) => (i === 1 ? ` ${line}` : line)), 2, /no entry/],
    ['a member is doubled', (all) => [`{"entry":1,${all[0]!.slice(1)}`, ...all.slice(1)], 1, /no entry/],
    ['the first has a forerunner', (all) => [all[0]!.replace(/0{64}/, 'f'.repeat(64))], 1, /first entry/],
  ])('shows that %s', async (_, change, line, why) => {
    const log = await lines();
    await writeFile(log.file, `${change(log.lines).join('\n')}\n`);
    expect(await verify([log.file])).toMatchObject({ valid: false, line, why: expect.stringMatching(why) });
  });

  test('that is cut off at an end of a line is found by its .end file, and by who has a receipt', async () => {
    const { file, lines: all, receipts } = await lines();
    await writeFile(file, `${all.slice(0, 3).join('\n')}\n`);
    const cut = { valid: false, line: 3, why: expect.stringMatching(/\.end file .* cut off/) };
    expect(await verify([file])).toMatchObject(cut);
    await rm(`${file}.end`);
    expect(await verify([file])).toMatchObject({ valid: true, endKnown: false });
    expect(await verify([file], receipts)).toMatchObject({
      valid: false,
      why: expect.stringMatching(/receipt .* cut off/),
    });
  });

  test('that is written anew in whole is found by who has a receipt', async () => {
    const { receipts } = await lines();
    const other = newFile();
    const log = await AuditLog.open({ file: other });
    for (let i = 1; i <= 5; i++) await log.append({ ...response(i), status: 404 });
    await log.close();
    expect(await verify([other])).toMatchObject({ valid: true });
    expect(await verify([other], receipts.slice(3))).toMatchObject({
      valid: false,
      line: 4,
      why: expect.stringMatching(/another one/),
    });
  });

  test('in an entry that tells something else than its receipt is found', async () => {
    const { file, receipts } = await lines();
    const lying = { ...receipts[1]!, bytesAfter: 8 };
    expect(await verify([file], [lying])).toMatchObject({ valid: false, line: 2 });
    expect(await verify([file], receipts)).toMatchObject({ valid: true, receipts: { checked: 5 } });
  });
});

describe('the canonical form', () => {
  test('is RFC 8785 for its own example', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonical(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test('is the same for the same value, and reads back', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = canonical(value as Json);
        expect(canonical(JSON.parse(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 200 },
    );
  });
});

describe('a log of two writers', () => {
  test('is refused to the second, in one process and in another', async () => {
    const file = newFile();
    const log = await AuditLog.open({ file });
    await expect(AuditLog.open({ file })).rejects.toMatchObject({ code: 'AUDIT_IN_USE' });
    await log.append({ kind: 'test' });
    await log.close();
    await logOf(1, { file });
    // This very process, which writes no log of that name now; and one that is gone.
    for (const holder of [`${process.pid} 1`, `${process.pid} `, '999999999 7', '', 'x y', '-1 ', '0 ']) {
      await writeFile(`${file}.lock`, holder);
      await logOf(1, { file });
    }
    // Another process, which lives.
    const start = (await readFile(`/proc/${process.ppid}/stat`, 'latin1')).split(') ').at(-1)!.split(' ')[19];
    await writeFile(`${file}.lock`, `${process.ppid} ${start}\n`);
    await expect(AuditLog.open({ file })).rejects.toMatchObject({ code: 'AUDIT_IN_USE' });
    expect(await verify([file])).toMatchObject({ valid: true, entries: 9 });
  });

  test('shows entries of another log among its own', async () => {
    const [one, other] = [await logOf(2), await logOf(3)];
    const [a, b] = (await readFile(one, 'utf8')).trimEnd().split('\n');
    const c = (await readFile(other, 'utf8')).trimEnd().split('\n')[2];
    await writeFile(one, `${a}\n${b}\n${c}\n`);
    expect(await verify([one])).toMatchObject({
      valid: false,
      line: 3,
      why: 'entry 3 is one of another log',
    });
  });

  test.each(['', 'x', 'ab 1 cd\n'])('an .end file of "%s" is none', async (text) => {
    const file = await logOf(1);
    await writeFile(`${file}.end`, text);
    expect(await verify([file])).toMatchObject({ valid: false, file: `${file}.end` });
  });

  test('an entry that is another one than the .end file speaks of is found', async () => {
    const [file, other] = [await logOf(2), await logOf(2)];
    await writeFile(`${file}.end`, await readFile(`${other}.end`));
    expect(await verify([file])).toMatchObject({
      valid: false,
      line: 2,
      why: expect.stringMatching(/\.end/),
    });
  });
});

test('a folder with other files has no parts', async () => {
  const file = newFile();
  for (const name of [`${file}.x`, `${file}.01`, `${file}.1.gz`, `${file}2`]) await writeFile(name, '');
  expect(await partsOf(file)).toEqual([]);
  expect(await readdir(folder)).toContain(`${file.slice(folder.length + 1)}.x`);
});
