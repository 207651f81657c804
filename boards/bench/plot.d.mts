export interface Contestant {
  readonly peer: string;
  readonly variant: string;
  readonly name: string;
  readonly constantTime: boolean;
  readonly instructions: number;
  /** Its cost over ours. */
  readonly ratio: number;
}

export interface Compared {
  readonly primitive: string;
  readonly size: number | null;
  readonly instructions: number;
  readonly instructionsPerByte: number | null;
  readonly constantTime: boolean;
  readonly peer: string | null;
  readonly peerConstantTime: boolean | null;
  readonly ratio: number | null;
  readonly nativeRatio: number | null;
  readonly nativeConstantTimeRatio: number | null;
  readonly peers: readonly Contestant[];
  readonly native: readonly Contestant[];
}

export function plot(report: { title: string; unit: string; rows: readonly Compared[] }): string;
