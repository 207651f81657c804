// `npm run model`: spin looks at every order in which the messages of two delegated sessions can meet (delegation.pml), and finds
// each fault that is planted in them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const MODEL = resolve('test/model/delegation.pml');

/** What each planted fault breaks. */
const FAULTS: Readonly<Record<string, string>> = {
  FAULT_NONCE: 'no (key, nonce) pair twice',
  FAULT_REVOKE: 'no byte after a revoke',
  FAULT_TWICE: 'no request forwarded twice',
  FAULT_UNSEEN: 'no application data unseen in a complete session',
};

interface Found {
  errors: number;
  states: string;
  seconds: number;
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error !== undefined)
    throw new Error(`${command} can't be run: install spin and gcc (${error.message})`);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stdout}${stderr}`);
  return stdout;
}

/** Throws where the search came to no end. */
function search(fault: string | undefined): Found {
  const folder = mkdtempSync(join(tmpdir(), 'deputy-model-'));
  try {
    const started = Date.now();
    run('spin', [...(fault === undefined ? [] : [`-D${fault}`]), '-a', MODEL], folder);
    run('gcc', ['-O2', '-w', '-DSAFETY', '-DCOLLAPSE', '-DMEMLIM=4000', '-o', 'pan', 'pan.c'], folder);
    const said = run('./pan', ['-m100000', '-E'], folder);
    const errors = /errors: (\d+)/.exec(said)?.[1];
    const states = /(\d\S*) states, stored/.exec(said)?.[1];
    const isWhole = !said.includes('Search not completed');
    if (errors === undefined || states === undefined || (errors === '0' && !isWhole)) {
      throw new Error(`the search came to no end: ${said}`);
    }
    return { errors: Number(errors), states, seconds: (Date.now() - started) / 1000 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

let failed = false;
const tell = (what: string, { errors, states, seconds }: Found, wanted: boolean) => {
  const verdict = errors > 0 ? 'broken' : 'holds';
  const isRight = errors > 0 === wanted;
  failed ||= !isRight;
  process.stdout.write(
    `${isRight ? 'ok  ' : 'FAIL'} ${what}: ${verdict}, ${states} states, ${seconds.toFixed(0)} s\n`,
  );
};
for (const [fault, property] of Object.entries(FAULTS))
  tell(`${property}, with ${fault}`, search(fault), true);
tell('all properties, two sessions with two messages each', search(undefined), false);
process.exitCode = failed ? 1 : 0;
