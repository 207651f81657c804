// What a reader sees where a picture can't be had, and why.
import { escapeText } from '../markup.js';

export function placeholder(alt: string, reason: string): string {
  return `<span class="deputy-missing">[picture${alt === '' ? '' : `: ${escapeText(alt)}`} — ${escapeText(reason)}]</span>`;
}
