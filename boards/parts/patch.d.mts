export function patched(
  text: string,
  replacements: readonly (readonly [before: string, after: string, times: number])[],
  name: string,
): string;
