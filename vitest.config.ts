import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // For what hangs, not for what is slow: hooks build firmware on a machine that does other things too.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    // Real browsers, emulators and servers share CI's two cores: what fails there is tried once more, and shown as retried.
    retry: process.env.CI ? 1 : 0,
    projects: [
      { extends: true, test: { name: 'all', include: ['test/**/*.test.ts'] } },
      // What a client does is the same whether its conduits are streams or connections of their own.
      {
        extends: true,
        test: {
          name: 'separate',
          include: [
            'test/host/client/{delegated,endings,lying_proxy,secrets}.test.ts',
            'test/host/client/sessions/*.test.ts',
          ],
          env: { DEPUTY_CONDUITS: 'separate' },
        },
      },
    ],
  },
});
