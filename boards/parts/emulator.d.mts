import type { ChildProcess, SpawnSyncOptions, SpawnSyncReturns, StdioOptions } from 'node:child_process';

export function startEmulator(
  program: string,
  args: readonly string[],
  options?: { stdio?: StdioOptions },
): ChildProcess;
export function runEmulator(
  program: string,
  args: readonly string[],
  options?: SpawnSyncOptions,
): SpawnSyncReturns<string>;
