// Which rows are meant by --only.

/**
 * Those that one of the patterns, divided by commas, means: a whole name, a pattern with `*`, or, where neither is one, a part of
 * a name; capitals are no matter. All where `text` is empty. Throws where a pattern means none.
 */
export function chosen<Row extends { readonly primitive: string }>(
  rows: readonly Row[],
  text: string,
): Row[] {
  // Names have commas too.
  const exact = rows.filter(({ primitive }) => primitive.toLowerCase() === text.trim().toLowerCase());
  if (exact.length > 0) return exact;
  const patterns = text.split(',').filter((pattern) => pattern.trim() !== '');
  if (patterns.length === 0) return [...rows];
  const meant = new Set(patterns.flatMap((pattern) => meantBy(rows, pattern.trim().toLowerCase())));
  return rows.filter((row) => meant.has(row));
}

function meantBy<Row extends { readonly primitive: string }>(rows: readonly Row[], pattern: string): Row[] {
  const named = (test: (name: string) => boolean) =>
    rows.filter(({ primitive }) => test(primitive.toLowerCase()));
  const exact = named((name) => name === pattern);
  if (exact.length > 0) return exact;
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  const glob = new RegExp(`^${escaped}$`);
  const found = pattern.includes('*')
    ? named((name) => glob.test(name))
    : named((name) => name.includes(pattern));
  if (found.length > 0) return found;
  const names = [...new Set(rows.map(({ primitive }) => primitive))].join(', ');
  throw new Error(`--only ${pattern} means no row; there is ${names}`);
}
