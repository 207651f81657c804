// The package as others get it: packed, installed in empty folders by npm, pnpm and yarn, used from ESM, CommonJS and
// TypeScript, bundled by esbuild and webpack. It takes some minutes and needs the registry, so it stands apart from the
// tests: npm run test:package.
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { createAuthority } from '../../host/cli/demo/authority/authority.js';
import { startOrigin } from '../../host/cli/demo/origins.js';
import { run, step, succeed } from './run.js';

const MOST_PACKAGES = 80;
const NPM_FLAGS = ['--no-audit', '--no-fund', '--prefer-offline'];
/** What only a checkout needs is not among these. */
const PACKED =
  /^(dist\/(host|assembly|proxy\.schema|deputy\.1)|build\/(client\.wasm|record\.wasm|wasm3\/|declarations\/)|boards\/(node\/|common\/module\.|parts\/wasm3\.mjs)|host\/operator\/page\/|man\/|(package\.json|README\.md|CHANGELOG\.md|LICENSE)$)/;

const root = fileURLToPath(new URL('../..', import.meta.url));
const consumer = fileURLToPath(new URL('./consumer', import.meta.url));
const home = await mkdtemp(join(tmpdir(), 'deputy-package-'));

const authority = await createAuthority();
const issued = await authority.issue({ names: ['localhost'] });
const body = '<html><script>no()</script><body><p>The page.</p></body></html>';
const origin = await startOrigin('node', {
  certificates: [issued],
  files: { '/': { type: 'text/html', body } },
});

async function emptyFolder(name: string): Promise<string> {
  const folder = join(home, name);
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  return folder;
}

/** The program `file` fetches the page, transcoded. Gives what it wrote to standard error. */
async function fetchesPage(folder: string, file: string, wasm?: string): Promise<string> {
  const { chainPem: certificate, keyPem: key } = issued;
  const url = `https://localhost:${origin.port}/`;
  const setting = { url, roots: authority.root.pem, certificate, key, wasm };
  const ran = await run(folder, process.execPath, [file], { SETTING: JSON.stringify(setting) });
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /^200 .*<p>The page\.<\/p>/s);
  assert.doesNotMatch(ran.stdout, /script/, 'the page must be transcoded');
  return ran.stderr;
}

/** npm writes its JSON after the output of the scripts that it ran. */
async function pack(): Promise<{ filename: string; unpackedSize: number; files: { path: string }[] }> {
  const said = await succeed(root, 'npm', ['pack', '--json', '--pack-destination', home]);
  return JSON.parse(said.slice(said.search(/^\[$/m)))[0];
}

function compile(folder: string, moduleKind: string, ...rest: string[]): Promise<string> {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const flags = '--strict --exactOptionalPropertyTypes --skipLibCheck false --target es2022 --types node';
  return succeed(folder, process.execPath, [compiler, ...flags.split(' '), '--module', moduleKind, ...rest]);
}

async function bundleByEsbuild(entry: string, outfile: string): Promise<void> {
  await build({
    ...{ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' },
    external: ['sharp'],
    // What esbuild makes of a CommonJS module calls require().
    banner: {
      js: "import { createRequire as own } from 'node:module'; const require = own(import.meta.url);",
    },
  });
}

async function bundleByWebpack(entry: string, path: string): Promise<void> {
  const folder = await emptyFolder('webpack');
  await succeed(folder, 'npm', ['install', 'webpack@5', ...NPM_FLAGS]);
  const config = {
    ...{ mode: 'production', target: 'node20', entry, experiments: { outputModule: true } },
    externals: { sharp: 'import sharp' },
    output: { path, filename: 'webpack.mjs', library: { type: 'module' }, chunkFormat: 'module' },
  };
  const program = `require('webpack')(${JSON.stringify(config)}, (error, stats) => {
    if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
  })`;
  await succeed(folder, process.execPath, ['-e', program]);
}

try {
  const packed = await pack();
  const tarball = join(home, packed.filename);
  const paths = packed.files.map(({ path }) => path);
  assert.deepEqual(
    paths.filter((path) => !PACKED.test(path) || path.endsWith('.map')),
    [],
  );
  console.log(`npm pack: ${paths.length} files, ${Math.round(packed.unpackedSize / 1024)} KiB`);

  const byNpm = await emptyFolder('npm');
  await step('npm install', async () => {
    await succeed(byNpm, 'npm', ['install', tarball, ...NPM_FLAGS]);
    const listed = await succeed(byNpm, 'npm', ['ls', '--all', '--parseable']);
    const packages = listed.trim().split('\n').slice(1);
    assert.deepEqual(
      packages.filter((name) => /\/react/.test(name)),
      [],
    );
    assert.ok(packages.length <= MOST_PACKAGES, `${packages.length} packages`);
    return `${packages.length} packages`;
  });

  await step('types, strict and without skipLibCheck', async () => {
    for (const name of ['main.mts', 'main.cts']) await cp(join(consumer, name), join(byNpm, name));
    await compile(byNpm, 'nodenext', 'main.mts', 'main.cts');
    await compile(byNpm, 'node16', '--noEmit', '--lib', 'es2022', 'main.mts', 'main.cts');
    await compile(byNpm, 'preserve', '--noEmit', 'main.mts');
    return 'nodenext, node16, as bundlers resolve';
  });

  await step('ESM and CommonJS', async () => {
    assert.equal(await fetchesPage(byNpm, 'main.mjs'), '', 'wasm3 must have been built');
    const said = await succeed(byNpm, process.execPath, ['main.cjs'], { ROOTS: authority.root.pem });
    assert.equal(said, 'function,function,function,function mine\n');
    return undefined;
  });

  await step('the command', async () => {
    assert.match(await succeed(byNpm, 'npx', ['--no-install', 'deputy', '--help']), /^Usage: deputy/);
    const board = await run(byNpm, 'npx', ['--no-install', 'deputy', 'demo', '--board', 'mps2-an500']);
    assert.equal(board.status, 1);
    assert.match(board.stderr, /needs a checkout/);
    return undefined;
  });

  await step('bundles', async () => {
    const wasm = join(byNpm, 'node_modules/deputy-tls/build/client.wasm');
    const entry = join(byNpm, 'main.mjs');
    const away = await emptyFolder('bundled');
    await bundleByEsbuild(entry, join(away, 'esbuild.mjs'));
    await fetchesPage(away, 'esbuild.mjs', wasm);
    await bundleByWebpack(entry, away);
    await fetchesPage(away, 'webpack.mjs', wasm);
    return (await readdir(away)).filter((name) => name.endsWith('.mjs')).join(', ');
  });

  const installed = async (name: string, command: string, args: string[]) => {
    const folder = await emptyFolder(name);
    await succeed(folder, command, args);
    await cp(join(byNpm, 'main.mjs'), join(folder, 'main.mjs'));
    return folder;
  };

  await step('npm install --ignore-scripts, then npm rebuild', async () => {
    const folder = await installed('unbuilt', 'npm', ['install', tarball, '--ignore-scripts', ...NPM_FLAGS]);
    assert.match(await fetchesPage(folder, 'main.mjs'), /its addon was not built.*npm rebuild deputy-tls/);
    await succeed(folder, 'npm', ['rebuild', 'deputy-tls'], { CC: join(home, 'no-compiler') });
    assert.match(await fetchesPage(folder, 'main.mjs'), /no C compiler found.*npm rebuild deputy-tls/);
    await succeed(folder, 'npm', ['rebuild', 'deputy-tls']);
    assert.equal(await fetchesPage(folder, 'main.mjs'), '');
    return undefined;
  });

  await step('pnpm', async () => {
    const folder = await installed('pnpm', 'npx', ['-y', 'pnpm@10', 'add', tarball]);
    // pnpm runs no install script that nobody approved.
    assert.match(await fetchesPage(folder, 'main.mjs'), /its addon was not built.*pnpm approve-builds/);
    return undefined;
  });

  await step('yarn', async () => {
    const folder = await installed('yarn', 'npx', ['-y', 'yarn@1', 'add', `file:${tarball}`]);
    assert.equal(await fetchesPage(folder, 'main.mjs'), '');
    return undefined;
  });
} finally {
  await origin.stop();
  await rm(home, { recursive: true, force: true });
}
