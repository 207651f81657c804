export interface Counts {
  right: number;
  wrong: number;
  /** By error code. */
  failed: Readonly<Record<string, number>>;
}
/** What a process holds, in bytes, after a collection; `resources` by Node's names. */
export interface Held {
  heapUsed: number;
  arrayBuffers: number;
  rss: number;
  resources: Readonly<Record<string, number>>;
  sockets?: number;
}
export interface LoadReport {
  sessions: number;
  opened: { sessions: number; milliseconds: number; sockets: number };
  parts: { name: string; milliseconds: number; origins: Readonly<Record<string, Counts>> }[];
  total: Readonly<Record<string, Counts>>;
  memory: { base: Held; busy: Held; after: Held };
  alive: boolean;
  log: string;
}
export function runLoad(options: {
  sessions: number;
  seconds: number;
  profile?: string;
  step?: (name: string) => void;
}): Promise<LoadReport>;
