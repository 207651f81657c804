// Compiles a readable twin (test/assembly/twin/NAME.ts, AssemblyScript on as-bignum) and runs it under V8.
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { loadV8 } from '../../host/engine/v8.js';
import { Bench } from './programs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The twin as a program of its own; it exports `allocate` and `release` like ours. Throws with what asc said. */
export async function twin(name: string): Promise<Bench> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      `test/assembly/twin/${name}.ts`,
      '--baseDir',
      root,
      '--use',
      'abort=',
      '--runtime',
      'incremental',
      '-o',
      name,
    ],
    {
      writeFile: (_file, contents) => {
        if (typeof contents !== 'string') wasm = contents;
      },
    },
  );
  if (error || wasm === undefined)
    throw new Error(`the twin '${name}' did not compile: ${stderr.toString()}`);
  return new Bench(await loadV8(wasm));
}
