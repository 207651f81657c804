// Compiles the AssemblyScript targets of asconfig.json into build/.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { tune } from './tune.js';

/** Entry files of each target; every file's exports become exports of the wasm program. */
export const targets: Readonly<Record<string, readonly string[]>> = {
  record: ['assembly/record.ts'],
  client: ['assembly/client.ts'],
  primitives: ['assembly/primitives.ts'],
};

const root = fileURLToPath(new URL('../..', import.meta.url));

export async function compile(target: string, { stdout = process.stdout, stderr = process.stderr } = {}) {
  const { error } = await asc.main(
    [...(targets[target] ?? []), '--config', 'asconfig.json', '--target', target, '--baseDir', root],
    { stdout, stderr },
  );
  if (error) throw error;
  const file = new URL(`../../build/${target}.wasm`, import.meta.url);
  const program = tune(await readFile(file));
  await writeFile(file, program);
  return program.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.chdir(root);
  await mkdir('build', { recursive: true });
  const wanted = process.argv.slice(2);
  for (const target of wanted.length > 0 ? wanted : Object.keys(targets)) {
    try {
      console.log(`build/${target}.wasm ${await compile(target)} bytes`);
    } catch (error) {
      console.error(`assembly target '${target}' did not compile: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  }
}
