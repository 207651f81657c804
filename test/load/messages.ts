// What the load's processes say to each other.

export interface Counts {
  right: number;
  wrong: number;
  /** By the code of the error. */
  failed: Record<string, number>;
}

/** What a process of clients is to do: so many `workers`, spread over the origins. */
export interface Start {
  readonly proxy: { readonly host: string; readonly port: number; readonly token: string };
  readonly roots: string;
  readonly origins: readonly {
    readonly name: string;
    readonly url: string;
    readonly files: readonly { readonly path: string; readonly hash: string }[];
  }[];
  readonly workers: number;
}

export type Asked = { readonly start: Start } | 'go' | 'reset' | 'stop';

/** What the proxy's process holds, in bytes and in libuv's resources by kind. */
export interface Held {
  readonly heapUsed: number;
  readonly arrayBuffers: number;
  readonly rss: number;
  readonly resources: Record<string, number>;
}
