// A filter list as programs see it. What the library that applies it makes of its rules is no business of theirs, nor are
// its types: they need a browser's.

export interface FilterList {
  readonly deniedTypes: readonly string[];
  readonly sizes: readonly SizeLimit[];
  /** Lines that say something that can't be applied here. */
  readonly unusable: readonly UnusableLine[];
}

export interface SizeLimit {
  type: string;
  bytes: number;
}

export interface UnusableLine {
  /** From 1. */
  line: number;
  text: string;
  why: string;
}
