// `npm run attacks`: all attacks against a real proxy with real origins, and what came of them.
import { parseArgs } from 'node:util';
import { buildCommand } from '../interop/command.js';
import { type Result, tryAttack } from './attack.js';
import { attacks } from './list.js';
import { AttackWorld } from './world.js';

const usage = `Usage: npm run attacks -- [options]

Tries every attack that this project knows of against a \`deputy proxy\` process with nginx origins, all on loopback,
and prints what came of each: attack, outcome, expected. Exits with 1 where one was not held off.

  --only TEXT  those whose name contains TEXT
  --list       prints the names, and tries nothing
  --json       one JSON object: attacks[] with name, held, outcome, expected, and skipped where one can't run here
  --help       this text
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const wanted = attacks.filter(({ name }) => name.includes(values.only));
  if (values.list || wanted.length === 0) {
    console.log(wanted.map(({ name }) => name).join('\n') || `no attack is named like ${values.only}`);
    return wanted.length === 0 ? 1 : 0;
  }
  buildCommand();
  const results: Result[] = [];
  for (const attack of wanted) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${attack.name}`);
    const result = await tryAttack(attack, AttackWorld.create);
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    if (!values.json) console.log(row(result));
    results.push(result);
  }
  console.log(values.json ? JSON.stringify({ attacks: results }, null, 2) : `\n${sum(results)}`);
  return results.some(({ held, skipped }) => !held && skipped === undefined) ? 1 : 0;
}

function row({ name, held, outcome, expected, skipped }: Result): string {
  const mark = skipped !== undefined ? 'skipped' : held ? 'held' : 'NOT HELD';
  return [`${mark.padEnd(8)} ${name}`, `outcome  ${skipped ?? outcome}`, `expected ${expected}`].join('\n  ');
}

function sum(results: readonly Result[]): string {
  const held = results.filter((result) => result.held).length;
  const skipped = results.filter((result) => result.skipped !== undefined).length;
  const tail = skipped === 0 ? '' : `, ${skipped} could not be tried here`;
  return `${held} of ${results.length} attacks were held off${tail}`;
}

process.exitCode = await main();
