// What this takes of the package http-cache-tests, which has no types of its own.
declare module 'http-cache-tests/client/runner.mjs' {
  export function runTests(
    suites: readonly object[],
    fetch: (url: string, init?: object) => Promise<unknown>,
    isBrowser: boolean,
    base: string,
    chunkSize: number,
  ): Promise<void>;
  /** By the id of the case: true, or the kind of failure and its message. */
  export function getResults(): Readonly<Record<string, true | readonly string[]>>;
}

declare module 'http-cache-tests/tests/index.mjs' {
  const suites: readonly {
    tests: readonly {
      id: string;
      name: string;
      kind?: 'required' | 'optimal' | 'check';
      browser_only?: boolean;
      requests: readonly { pause_after?: boolean }[];
    }[];
  }[];
  export default suites;
}
