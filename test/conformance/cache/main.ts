// `npm run conformance:cache`: the cache judged by http-cache-tests, through delegated sessions of Deputy's own client.
import { parseArgs } from 'node:util';
import { createAuthority } from '../../../host/cli/demo/authority/authority.js';
import { createProxy, DeputyClient } from '../../../host/index.js';
import { cache } from '../../../host/services/cache/index.js';
import { MemoryStore } from '../../../host/services/cache/stores/memory.js';
import { declined, exceptions } from './exceptions.js';
import { kinds, runSuite } from './suite.js';
import { startWorld } from './world.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    failed: { type: 'boolean' },
    id: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(`Usage: npm run conformance:cache -- [options]

Judges the cache by http-cache-tests, each case through a delegated session, and prints how many passed of each kind:
required by RFC 9111, optimal, and checks of what caches do, which pass or fail by taste. Ends with 1 where a required
case fails that is not on the list of those that no cache can pass (test/conformance/cache/exceptions.ts).

  --json      one JSON object: {required, optimal, check}, each {passed, total}, and the exceptions
  --failed    also lists what did not pass, and why, on standard error
  --id CASE   runs one case alone`);
  process.exit();
}
// The suite's runner warns on standard output, which is kept for the figures.
console.log = console.error;
const world = await startWorld({ createAuthority, createProxy, DeputyClient, cache, MemoryStore });
const results = await runSuite(world.base, world.fetchers, ({ id }) => [undefined, id].includes(values.id));
const sessions = world.sessions();
await world.close();

const figures = kinds.map((kind) => {
  const cases = results.filter((result) => result.kind === kind);
  return { kind, passed: cases.filter(({ passed }) => passed).length, total: cases.length };
});
const failed = results.filter(({ passed }) => !passed);
const listed = (list: Readonly<Record<string, string>>) =>
  failed.filter(({ id }) => id in list).map(({ id }) => ({ id, why: list[id] }));
const excepted = listed(exceptions);
const unexpected = failed.filter(({ id, kind }) => kind === 'required' && !(id in exceptions));
const outdated = results.filter(({ id, passed }) => passed && (id in exceptions || id in declined));

const lines: string[] = [];
if (values.json) {
  lines.push(
    JSON.stringify({
      ...Object.fromEntries(figures.map(({ kind, ...counts }) => [kind, counts])),
      exceptions: excepted,
      declined: listed(declined),
    }),
  );
} else {
  lines.push(`http-cache-tests through ${sessions} delegated sessions`);
  for (const { kind, passed, total } of figures)
    lines.push(`  ${kind.padEnd(8)} ${String(passed).padStart(3)} of ${total}`);
  for (const { id, why } of excepted) lines.push(`  can't pass: ${id}: ${why}`);
  for (const { id, why } of listed(declined)) lines.push(`  left: ${id}: ${why}`);
}
const shown = values.failed ? failed.filter(({ id }) => !(id in exceptions || id in declined)) : unexpected;
for (const { id, kind, name, why } of shown) process.stderr.write(`${kind} ${id}: ${why} (${name})\n`);
for (const { id } of outdated) process.stderr.write(`${id} passes: take it off its list\n`);
process.stdout.write(`${lines.join('\n')}\n`);
process.exitCode = unexpected.length + outdated.length > 0 ? 1 : 0;
