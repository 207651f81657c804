// npm run library -- TARGET --out DIR [--engine NAME] [--sanitize] [--json]
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ENGINES, type Engine, missingCompiler } from '../parts/boards.js';
import { buildLibrary } from './build.js';
import { targetOf } from './toolchain.js';

const usage = `Usage: npm run library -- TARGET --out DIR [options]

Builds Deputy for a firmware of yours: DIR/include/deputy.h and board.h, DIR/lib/libdeputy.a and libdeputy_record.a, what CMake
and pkg-config ask for, and MAP.txt, which says what takes how much flash and RAM.

TARGET         a board of \`npm run board -- list\`, or a toolchain file of CMake: its CMAKE_C_COMPILER (a gcc) and
               CMAKE_C_FLAGS_INIT are taken

  --out DIR      where to
  --engine NAME  what runs the device program: wasm3 (unless told), or aot (the same program as C)
  --sanitize     with AddressSanitizer and UndefinedBehaviorSanitizer, where the compiler has them
  --json         the sizes as JSON on standard output
  --help         print this

boards/library/README.md says how to go on.
`;

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      engine: { type: 'string', default: 'wasm3' },
      sanitize: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [target, ...more] = positionals;
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (target === undefined || more.length > 0 || values.out === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  if (!ENGINES.includes(values.engine as Engine))
    throw new Error(`--engine takes ${ENGINES.join(' or ')}, not '${values.engine}'`);
  const board = await targetOf(target);
  const missing = missingCompiler(board);
  if (missing) throw new Error(missing);
  if (!values.json) process.stderr.write(`compiling for ${board.title}; a first time takes a minute\n`);
  const folder = resolve(values.out);
  const built = await buildLibrary(board, folder, {
    engine: values.engine as Engine,
    sanitize: values.sanitize,
  });
  if (values.json) {
    const sizes = { deputy: Object.fromEntries(built.deputy), record: Object.fromEntries(built.record) };
    process.stdout.write(`${JSON.stringify(sizes, null, 2)}\n`);
  } else process.stdout.write(`${folder}\n`);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`library: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
