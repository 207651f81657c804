// `deputy audit`: judges a proxy's audit log, shows it, and gives it to tools that know HAR.
import { createWriteStream, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { har } from '../services/audit/har.js';
import { logsOf, partsOf } from '../services/audit/parts.js';
import { deal, type KeptReceipt, parseReceipts } from '../services/audit/receipts.js';
import { type Invalid, linesOf, type Valid, verify } from '../services/audit/verify.js';
import { textFile } from './arguments.js';
import { shown } from './audit_lines.js';
import { Progress } from './output.js';
import { packageVersion } from './version.js';

export function auditCommand(): Command {
  return new Command('audit')
    .description("Judge, show or export a proxy's audit log.")
    .addCommand(verifyCommand())
    .addCommand(showCommand())
    .addCommand(harCommand());
}

const FILES = 'the log; the parts that were set aside, FILE.1, FILE.2 …, are read with it';
const LOGS = `${FILES}, and what workers and nodes beside it have written: FILE-1, FILE-2 …`;

function verifyCommand(): Command {
  return new Command('verify')
    .description('Say whether a log is what it was when it was written.')
    .argument('<files...>', LOGS)
    .option('--older <folder>', 'where files that were set aside have been moved since')
    .option('--receipts <file>', "what 'deputy get --receipts' has kept: the log must hold it")
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExit codes: 0 valid, 1 not valid, 2 used wrongly or a file that can not be read.',
    )
    .action(async (names: string[], options: VerifyOptions, command: Command) => {
      const judged = await readable(command, () => judge(names, options));
      const { logs, verdicts, unknown } = judged;
      const valid = verdicts.every((verdict) => verdict.valid) && unknown.length === 0;
      const several = { valid, logs: verdicts, unknownReceipts: unknown.length };
      process.stdout.write(
        options.json ? `${JSON.stringify(logs.length === 1 ? verdicts[0] : several)}\n` : told(judged),
      );
      process.exitCode = valid ? 0 : 1;
    });
}

interface VerifyOptions {
  receipts?: string;
  older?: string;
  json?: boolean;
}

interface Judged {
  /** The file that each log grows in. */
  logs: readonly string[];
  /** One a log. */
  verdicts: (Valid | Invalid)[];
  /** Receipts of sessions that no log speaks of. */
  unknown: KeptReceipt[];
}

async function judge(names: readonly string[], options: VerifyOptions): Promise<Judged> {
  const receipts =
    options.receipts === undefined ? [] : parseReceipts(textFile(options.receipts, '--receipts'));
  const logs = (await Promise.all(names.map(existingLogs))).flat();
  const all = await Promise.all(logs.map((log) => filesOf(log, options.older)));
  // The one log there is has to hold them all.
  const { of, unknown } =
    all.length === 1 ? { of: [receipts], unknown: [] } : deal(receipts, await Promise.all(all.map(nameOf)));
  const progress = progressOver(all.flat());
  const verdicts: Judged['verdicts'] = [];
  try {
    for (const [index, files] of all.entries())
      verdicts.push(await verify(files, of[index], (bytes) => progress.add(bytes)));
  } finally {
    progress.end();
  }
  return { logs, verdicts, unknown };
}

/** Throws where there is none. */
async function existingLogs(name: string): Promise<string[]> {
  const logs = await logsOf(name);
  if (logs.length > 0) return logs;
  throw new Error(`there is no ${name}, and no log of a worker or a node beside it`);
}

/** A log's name, as its first entry has it; empty where that is none. */
async function nameOf(files: readonly string[]): Promise<string> {
  for await (const { bytes } of linesOf(files))
    return /"log":"([0-9a-f]{32})"/.exec(bytes.toString('latin1'))?.[1] ?? '';
  return '';
}

function showCommand(): Command {
  return new Command('show')
    .description('Show a log, an entry a line.')
    .argument('<file>', FILES)
    .action(async (file: string, _: unknown, command: Command) => {
      await readable(command, () =>
        reading(file, async (files) => {
          const text = async function* () {
            for await (const { bytes } of linesOf(files)) yield `${shown(bytes.toString())}\n`;
          };
          await pipeline(Readable.from(text()), process.stdout, { end: false }).catch(unlessClosed);
        }),
      );
    });
}

function harCommand(): Command {
  return new Command('har')
    .description('Write what a log says of HTTP as HAR 1.2.')
    .argument('<file>', FILES)
    .option('-o, --output <file>', 'write it to a file')
    .action(async (file: string, { output }: { output?: string }, command: Command) => {
      await readable(command, () =>
        reading(file, async (files, onBytes) => {
          const document = Readable.from(har(files, packageVersion(), onBytes));
          if (output !== undefined) await pipeline(document, createWriteStream(output));
          else await pipeline(document, process.stdout, { end: false }).catch(unlessClosed);
        }),
      );
    });
}

/** A log with the parts that were set aside, the oldest first; those that have moved to the folder `older` too. */
async function filesOf(file: string, older?: string): Promise<string[]> {
  const moved = older === undefined ? [] : await partsOf(join(older, basename(file)));
  const parts = [...moved, ...(await partsOf(file))].sort((one, other) => one.number - other.number);
  return [...parts.map((part) => part.file), file];
}

const progressOver = (files: readonly string[]) =>
  new Progress(files.reduce((sum, each) => sum + statSync(each).size, 0));

/** Runs `work` over all files of a log, its progress on the terminal. */
async function reading<T>(
  file: string,
  work: (files: string[], onBytes: (bytes: number) => void) => Promise<T>,
): Promise<T> {
  const files = await filesOf(file);
  const progress = progressOver(files);
  try {
    return await work(files, (bytes) => progress.add(bytes));
  } finally {
    progress.end();
  }
}

/** A file that can't be read says nothing about the log. */
async function readable<T>(command: Command, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    command.error(`error: ${(error as Error).message}`, { exitCode: 2 });
  }
}

function praise({ entries, head, unfinished, endKnown, receipts, lost }: Valid): string {
  const lines = [`valid: ${entries} entries, head ${head}`];
  if (!endKnown) lines.push('no .end file beside it: receipts alone can tell whether its end was cut off');
  if (lost > 0)
    lines.push(`${lost} entries were lost when they could not be written, as the log itself tells`);
  if (unfinished > 0)
    lines.push(`${unfinished} bytes of an unfinished line at the end: being written, or left by a crash`);
  if (receipts.checked > 0) lines.push(`${receipts.checked} receipts fit`);
  return `${lines.join('\n')}\n`;
}

const blame = ({ file, line, why }: Invalid) => `not valid: ${file}, line ${line}: ${why}\n`;

const ADVICE =
  'What stands before that line is as it was written. Compare the rest with a copy of the log from elsewhere, and with\n' +
  'the receipts of more clients. To go on, move the file away: the proxy begins a new log when it is started again.\n';

function told({ logs, verdicts, unknown }: Judged): string {
  const lines = verdicts.map((verdict, index) => {
    const name = logs.length > 1 ? `${logs[index]}: ` : '';
    return verdict.valid ? name + praise(verdict) : blame(verdict);
  });
  for (const { log, session, entry } of unknown)
    lines.push(
      `not valid: session ${session} has a receipt of entry ${entry} of log ${log}, which is none of these\n`,
    );
  if (verdicts.some(({ valid }) => !valid)) lines.push(ADVICE);
  return lines.join('');
}

function unlessClosed(error: NodeJS.ErrnoException): void {
  // A reader such as `head` has seen enough.
  if (error.code !== 'EPIPE') throw error;
}
