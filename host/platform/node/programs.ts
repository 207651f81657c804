// Finds the built wasm programs and the engine that runs them: wasm3 where its addon was built, else V8.
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { DeputyError } from '../../delegation/error.js';
import type { Program } from '../../engine/program.js';
import { loadV8 } from '../../engine/v8.js';
import { loadWasm3, type Wasm3Addon } from '../../engine/wasm3.js';

export type Engine = Program['engine'];

export interface LoadOptions {
  /** 'wasm3' by default. Where the addon is absent V8 takes over, and `notice` says so. */
  engine?: Engine;
  /** 'client' (everything, default) or 'record' (primitives and record protection). */
  target?: 'client' | 'record';
  /** The bytes of the program, for bundles that carry it with them; else the file of this package is read. */
  wasm?: Uint8Array;
  /** Gets the one line about a fallback. Standard error by default. */
  notice?: (line: string) => void;
}

// A bundle in CommonJS has no address of its own.
const here: string | undefined = import.meta.url;

/** The file of build/, as seen from the sources and from dist/. */
function builtFile(name: string): URL | undefined {
  if (!here?.startsWith('file:')) return undefined;
  return ['../../../build/', '../../../../build/']
    .map((folder) => new URL(folder + name, here))
    .find((file) => existsSync(file));
}

/** The native addon, or why there is none. DEPUTY_WASM3 names another file. */
export function findAddon(): { addon: Wasm3Addon } | { reason: string } {
  const built = builtFile('wasm3.node');
  const file = process.env.DEPUTY_WASM3 ?? (built && fileURLToPath(built));
  if (file === undefined || here === undefined) return { reason: whyNotBuilt() };
  try {
    return { addon: createRequire(here)(file) as Wasm3Addon };
  } catch (error) {
    return { reason: (error as Error).message.split('\n')[0]! };
  }
}

/** The installation leaves its reason where it could not build. */
function whyNotBuilt(): string {
  const file = builtFile('wasm3.failed');
  return file === undefined ? 'its addon was not built' : readFileSync(file, 'utf8').trim();
}

/** What builds the addon: in a checkout, and where a package manager put this package. */
function remedy(): string {
  if (!here?.includes('/node_modules/')) return 'install a C compiler, then npm run build:wasm3';
  const rebuild = here.includes('/.pnpm/') ? 'pnpm approve-builds' : 'npm rebuild deputy-tls';
  return `with a C compiler and install scripts allowed, ${rebuild} builds it`;
}

async function programBytes(target: string): Promise<Uint8Array> {
  const file = builtFile(`${target}.wasm`);
  if (file !== undefined) return readFile(file);
  throw new DeputyError(
    'NO_PROGRAM',
    `${target}.wasm is not there: build it, or in a bundle give its bytes as the option 'wasm'`,
  );
}

/**
 * Loads a fresh instance of the device program. Its `engine` says what runs it: wasm3 unless V8 was asked for or the
 * addon can't be loaded. Throws NO_PROGRAM.
 */
export async function loadProgram(options: LoadOptions = {}): Promise<Program> {
  const { engine = 'wasm3', target = 'client' } = options;
  const wasm = options.wasm ?? (await programBytes(target));
  if (engine === 'v8') return loadV8(wasm);
  const found = findAddon();
  if ('addon' in found) return loadWasm3(found.addon, wasm);
  const notice = options.notice ?? ((line: string) => process.stderr.write(`${line}\n`));
  notice(`wasm3 is not available (${found.reason}), running on V8: ${remedy()}`);
  return loadV8(wasm);
}
