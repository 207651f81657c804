// `deputy audit`: judges a proxy's audit log, shows it, and gives it to tools that know HAR.
import { createWriteStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { har } from '../services/audit/har.js';
import { partsOf } from '../services/audit/parts.js';
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

function verifyCommand(): Command {
  return new Command('verify')
    .description('Say whether a log is what it was when it was written.')
    .argument('<files...>', `${FILES}; of a proxy with workers, the log of each`)
    .option('--receipts <file>', "what 'deputy get --receipts' has kept: the log must hold it")
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExit codes: 0 valid, 1 not valid, 2 used wrongly or a file that can not be read.',
    )
    .action(async (logs: string[], options: { receipts?: string; json?: boolean }, command: Command) => {
      const judged = await readable(command, () => judge(logs, options.receipts));
      const { verdicts, unknown } = judged;
      const valid = verdicts.every((verdict) => verdict.valid) && unknown.length === 0;
      const several = { valid, logs: verdicts, unknownReceipts: unknown.length };
      process.stdout.write(
        options.json
          ? `${JSON.stringify(logs.length === 1 ? verdicts[0] : several)}\n`
          : told(judged, logs, options.receipts !== undefined),
      );
      process.exitCode = valid ? 0 : 1;
    });
}

interface Judged {
  /** One a log. */
  verdicts: (Valid | Invalid)[];
  /** Receipts of sessions that no log speaks of. */
  unknown: KeptReceipt[];
}

async function judge(logs: readonly string[], receiptFile: string | undefined): Promise<Judged> {
  const receipts = receiptFile === undefined ? [] : parseReceipts(textFile(receiptFile, '--receipts'));
  const all = await Promise.all(logs.map(filesOf));
  // The one log there is has to hold them all.
  const { of, unknown } =
    all.length === 1 ? { of: [receipts], unknown: [] } : await deal(receipts, all.map(bytesOfLines));
  const progress = progressOver(all.flat());
  const verdicts: Judged['verdicts'] = [];
  try {
    for (const [index, files] of all.entries())
      verdicts.push(await verify(files, of[index], (bytes) => progress.add(bytes)));
  } finally {
    progress.end();
  }
  return { verdicts, unknown };
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

/** A log with the parts that were set aside, the oldest first. */
const filesOf = async (file: string) => [...(await partsOf(file)).map((part) => part.file), file];

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

async function* bytesOfLines(files: readonly string[]): AsyncGenerator<Buffer, void, void> {
  for await (const { bytes } of linesOf(files)) yield bytes;
}

/** A file that can't be read says nothing about the log. */
async function readable<T>(command: Command, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    command.error(`error: ${(error as Error).message}`, { exitCode: 2 });
  }
}

function praise({ entries, first, head, unfinished, receipts }: Valid): string {
  const lines = [`valid: ${entries} entries, head ${head}`];
  if (first > 1) lines.push(`begins at entry ${first}: older files are not here`);
  if (unfinished > 0)
    lines.push(`${unfinished} bytes of an unfinished line at the end: being written, or left by a crash`);
  if (receipts.checked > 0) lines.push(`${receipts.checked} receipts fit`);
  if (receipts.older > 0) lines.push(`${receipts.older} receipts are of entries in older files`);
  return `${lines.join('\n')}\n`;
}

const blame = ({ file, line, why }: Invalid) => `not valid: ${file}, line ${line}: ${why}\n`;

const ADVICE =
  'What stands before that line is as it was written. Compare the rest with a copy of the log from elsewhere, and with\n' +
  'the receipts of more clients. To go on, move the file away: the proxy begins a new log when it is started again.\n';
const WORKERS = 'A proxy with workers writes a log for each: where this is one of them, name them all.\n';

function told({ verdicts, unknown }: Judged, logs: readonly string[], hasReceipts: boolean): string {
  const lines = verdicts.map((verdict, index) => {
    const name = logs.length > 1 ? `${logs[index]}: ` : '';
    return verdict.valid ? name + praise(verdict) : blame(verdict);
  });
  for (const { session, entry } of unknown)
    lines.push(`not valid: no log speaks of session ${session}, which has a receipt of entry ${entry}\n`);
  if (verdicts.some(({ valid }) => !valid)) lines.push(ADVICE);
  if (hasReceipts && logs.length === 1 && !verdicts[0]!.valid) lines.push(WORKERS);
  return lines.join('');
}

function unlessClosed(error: NodeJS.ErrnoException): void {
  // A reader such as `head` has seen enough.
  if (error.code !== 'EPIPE') throw error;
}
