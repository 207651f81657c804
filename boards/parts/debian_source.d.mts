export interface Part {
  readonly title: string;
  readonly version: string;
  /** Debian's source package, and the suite that has this version. */
  readonly package: string;
  readonly suite: string;
  /** Of the upstream archive. */
  readonly sha256: string;
  /** Environment variable that may name a checkout. */
  readonly variable: string;
  /** A file that the sources hold. */
  readonly witness: string;
}

export function partSources(part: Part): string;
