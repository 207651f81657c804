// Where the proxy writes what happened. The fields it passes never hold secrets; sinks redact all the same.

export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
  /** False where a line of that level would be written nowhere: what is often told need not be put together then. */
  isLevelEnabled?(level: 'debug' | 'info'): boolean;
}

const nothing = () => {};
export const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
