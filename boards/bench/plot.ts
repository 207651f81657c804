// The benchmark's figures as a picture: one line a row, our cost at 1, each peer where its cost over ours lies.
import type { Measured } from './measure.js';

export interface Contestant {
  readonly peer: string;
  readonly variant: string;
  readonly name: string;
  readonly constantTime: boolean;
  readonly instructions: number;
  /** Its cost over ours. */
  readonly ratio: number;
}

/** A row's figures, and those of all that were compared with it. */
export interface Compared extends Measured {
  readonly peer: string | null;
  readonly peerConstantTime: boolean | null;
  readonly ratio: number | null;
  readonly nativeRatio: number | null;
  readonly nativeConstantTimeRatio: number | null;
  readonly peers: readonly Contestant[];
  readonly native: readonly Contestant[];
}

const WIDTH = 1040;
const LABELS = 370;
const LINE = 22;
const TOP = 106;
const LEGEND = 170;
const MARGIN = 30;
const colours = ['#1b6ca8', '#c0392b', '#7d3c98', '#b9770e', '#117a65', '#566573', '#e67e22', '#2e4053'];

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** An SVG document of a report that `compare` made. */
export function plot({
  title,
  unit,
  rows,
}: {
  title: string;
  unit: string;
  rows: readonly Compared[];
}): string {
  const compared = rows.filter(({ peers, native }) => peers.length + native.length > 0);
  const names = [
    ...new Set(compared.flatMap(({ peers, native }) => [...peers, ...native].map(({ peer }) => peer))),
  ];
  const ratios = compared.flatMap(({ peers, native }) => [...peers, ...native].map(({ ratio }) => ratio));
  const low = Math.floor(Math.log2(Math.min(0.5, ...ratios.filter((ratio) => ratio > 0))));
  const high = Math.ceil(Math.log2(Math.max(2, ...ratios)));
  const x = (ratio: number) => {
    const part = (Math.log2(Math.max(ratio, 2 ** low)) - low) / (high - low);
    return Math.round(10 * (LABELS + part * (WIDTH - LABELS - MARGIN))) / 10;
  };
  const bottom = TOP + compared.length * LINE;
  const parts = [`<rect width="${WIDTH}" height="${bottom + 50}" fill="#ffffff"/>`];
  const text = (at: number, y: number, content: string, more = '') =>
    parts.push(`<text x="${at}" y="${y}" ${more}>${escaped(content)}</text>`);
  text(MARGIN, 26, title, 'font-size="15" font-weight="bold"');
  text(MARGIN, 46, `Cost over ours in ${unit}: right of 1 costs more than ours. Filled: constant-time.`);
  names.forEach((name, i) => {
    const columns = Math.floor((WIDTH - MARGIN) / LEGEND);
    const [at, y] = [MARGIN + (i % columns) * LEGEND, 62 + Math.floor(i / columns) * 20];
    parts.push(`<circle cx="${at + 5}" cy="${y}" r="5" fill="${colours[i % colours.length]}"/>`);
    text(at + 15, y + 4, name);
  });
  for (let power = low; power <= high; power++) {
    const at = x(2 ** power);
    const stroke = power === 0 ? '#222222' : '#dddddd';
    parts.push(`<line x1="${at}" y1="${TOP - 6}" x2="${at}" y2="${bottom}" stroke="${stroke}"/>`);
    text(at, bottom + 18, power < 0 ? `1/${2 ** -power}` : `${2 ** power}`, 'text-anchor="middle"');
  }
  for (const [i, row] of compared.entries()) {
    const y = TOP + i * LINE + LINE / 2;
    text(LABELS - 12, y + 4, `${row.primitive}${row.size ? `, ${row.size} B` : ''}`, 'text-anchor="end"');
    for (const one of [...row.peers, ...row.native]) {
      const colour = colours[names.indexOf(one.peer) % colours.length];
      const fill = one.constantTime ? colour : '#ffffff';
      const tip = `<title>${escaped(`${one.name}: ${one.ratio}`)}</title>`;
      parts.push(
        `<circle cx="${x(one.ratio)}" cy="${y}" r="5" fill="${fill}" stroke="${colour}">${tip}</circle>`,
      );
    }
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${bottom + 50}" font-family="sans-serif" font-size="12">`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}
