// What takes no more than a pixel counts visitors, and is not there for them to see.
import type { Attributes } from '../html/element.js';

export function isUnseen(attributes: Attributes): boolean {
  if (['width', 'height'].some((side) => /^\s*[01](px)?\s*$/.test(attributes.get(side) ?? ''))) return true;
  const style = attributes.get('style');
  return style !== undefined && /(?:^|;)\s*(?:width|height)\s*:\s*[01](?:px)?\s*(?:[;!]|$)/i.test(style);
}
