// What may have been meant by a word that nobody knows.
import leven from 'leven';

/** The nearest of `known`, if any is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 80) return undefined;
  const plain = (text: string) => text.toLowerCase().replace(/[-_]/g, '');
  const [best] = known
    .map((each) => ({ each, distance: leven(plain(word), plain(each)) }))
    .sort((one, other) => one.distance - other.distance);
  return best !== undefined && best.distance <= Math.max(1, word.length / 3) ? best.each : undefined;
}

/** ` Did you mean 'transcode'?`, or nothing. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? '' : ` Did you mean '${near}'?`;
}
