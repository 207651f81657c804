// What `npm run fuzz` runs.

export interface Progress {
  executions: number;
  /** Blocks of the program that were reached. */
  blocks: number;
  /** Inputs that were kept because they reached something new. */
  kept: number;
}

export interface Outcome {
  executions: number;
  blocks: number;
  /** What went wrong, and the file with the input that does it again. */
  finding?: { file: string; report: string };
}

export interface Target {
  readonly name: string;
  readonly about: string;
  /** Why it can't run here; undefined where it can. */
  missing(): Promise<string | undefined>;
  prepare(): Promise<void>;
  run(seconds: number, tell: (progress: Progress) => void): Promise<Outcome>;
  /** One input again; what goes wrong, undefined where nothing does. */
  replay(file: string): Promise<string | undefined>;
}
