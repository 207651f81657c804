export const patchUnits: readonly string[];
export const patchHeaders: readonly string[];
export function patchedSources(target: string, source?: string): string;
