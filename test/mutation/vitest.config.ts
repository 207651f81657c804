// Runs tests on a source that is changed as MUTANT says. No file is touched.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { file, start, end, text } = JSON.parse(process.env.MUTANT ?? '{}') as {
  file?: string;
  start: number;
  end: number;
  text: string;
};

export default defineConfig({
  root,
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      load(id) {
        if (file === undefined || id !== root + file) return undefined;
        const source = readFileSync(id, 'utf8');
        return source.slice(0, start) + text + source.slice(end);
      },
    },
  ],
  test: { bail: 1, testTimeout: 10_000, hookTimeout: 20_000, maxWorkers: 1, reporters: ['dot'] },
});
