// Tables: cells in rows, columns as wide as what they hold.

import type { Fragment, Item } from './display_list.js';
import type { Cell, Recording, Table } from './layout_sink.js';
import { FAINT } from './screen.js';

/** Lays out what a cell holds, in a column of its own. */
export type CellLayout = (content: Recording, width: number) => Column;

/** What is laid out, and the widths between which it would fit. */
export type Column = Fragment & { readonly minWidth: number; readonly maxWidth: number };

export type LaidTable = Column & { readonly width: number };

const GAP = 8;
const MAX_COLUMNS = 16;

interface Measured {
  cell: Cell;
  column: number;
  min: number;
  max: number;
}

/** Where columns would be narrower than their words, the cells stand one below the other. */
export function layTable(table: Table, layOut: CellLayout, width: number): LaidTable {
  const rows = measured(table, layOut);
  const count = Math.max(0, ...rows.flat().map(({ cell, column }) => column + cell.columns));
  if (count === 0) return { items: [], height: 0, width: 0, minWidth: 0, maxWidth: 0 };
  const min = columnWidths(rows, count, 'min');
  const max = columnWidths(rows, count, 'max');
  const gaps = GAP * (count - 1);
  const sum = (widths: readonly number[]) => widths.reduce((total, one) => total + one, 0);
  const bounds = { minWidth: sum(min) + gaps, maxWidth: sum(max) + gaps };
  const isTooNarrow = bounds.minWidth > width;
  const widths = isTooNarrow ? [width] : shared(min, max, width - gaps);
  const places = placesOf(widths, table.direction);
  const items: Item[] = [];
  let y = 0;
  for (const row of rows) {
    if (row.length === 0) continue;
    if (y > 0) y += table.lined ? 7 : 3;
    if (y > 0 && table.lined) {
      const whole = isTooNarrow ? width : sum(widths) + gaps;
      items.push({ kind: 'bar', x: 0, y: y - 4, width: whole, height: 1, colour: FAINT });
    }
    y += isTooNarrow ? stacked(row, layOut, width, y, items) : sideBySide(row, layOut, places, y, items);
  }
  const taken = sum(widths) + (isTooNarrow ? 0 : gaps);
  return { items, height: y, width: taken, ...bounds };
}

function stacked(
  row: readonly Measured[],
  layOut: CellLayout,
  width: number,
  y: number,
  items: Item[],
): number {
  let height = 0;
  for (const { cell } of row) height += put(layOut(cell.content, width), 0, y + height, items);
  return height;
}

function sideBySide(
  row: readonly Measured[],
  layOut: CellLayout,
  places: readonly Place[],
  y: number,
  items: Item[],
): number {
  const inRow: Item[] = [];
  let height = 0;
  for (const { cell, column } of row) {
    const own = places.slice(column, column + cell.columns);
    const x = Math.min(...own.map((place) => place.x));
    const width = Math.max(...own.map((place) => place.x + place.width)) - x;
    height = Math.max(height, put(layOut(cell.content, width), x, y, inRow));
  }
  items.push(...inRow.sort((a, b) => a.y - b.y));
  return height;
}

/** Of a column. */
interface Place {
  x: number;
  width: number;
}

/** The columns side by side, the first where lines begin. */
function placesOf(widths: readonly number[], direction: Table['direction']): Place[] {
  const whole = widths.reduce((sum, width) => sum + width + GAP, -GAP);
  let before = 0;
  return widths.map((width) => {
    const x = direction === 'rtl' ? whole - before - width : before;
    before += width + GAP;
    return { x, width };
  });
}

function put({ items, height }: Fragment, x: number, y: number, into: Item[]): number {
  for (const item of items) {
    item.x += x;
    item.y += y;
    into.push(item);
  }
  return height;
}

/** Each cell with its column: those that reach down from rows above take their places first. */
function measured(table: Table, layOut: CellLayout): Measured[][] {
  const taken: number[] = [];
  return table.rows.map((row) => {
    let column = 0;
    const out: Measured[] = [];
    for (const cell of row) {
      while ((taken[column] ?? 0) > 0) column++;
      const columns = Math.max(1, Math.min(cell.columns, MAX_COLUMNS - column));
      if (column + columns > MAX_COLUMNS) break;
      const { minWidth, maxWidth } = layOut(cell.content, Number.POSITIVE_INFINITY);
      out.push({ cell: { ...cell, columns }, column, min: Math.ceil(minWidth), max: Math.ceil(maxWidth) });
      for (let i = column; i < column + columns; i++) taken[i] = Math.max(1, cell.rows);
      column += columns;
    }
    for (let i = 0; i < taken.length; i++) taken[i] = Math.max(0, (taken[i] ?? 0) - 1);
    return out;
  });
}

/** What the cells of each column need; a cell over several columns widens the last of them. */
function columnWidths(rows: readonly Measured[][], count: number, which: 'min' | 'max'): number[] {
  const widths = new Array<number>(count).fill(0);
  const cells = rows.flat().sort((a, b) => a.cell.columns - b.cell.columns);
  for (const { cell, column, [which]: needed } of cells) {
    const last = column + cell.columns - 1;
    const before = widths.slice(column, last).reduce((total, one) => total + one + GAP, 0);
    widths[last] = Math.max(widths[last]!, needed - before);
  }
  return widths;
}

/** Widths between `min` and `max` that take no more than `width` together. */
function shared(min: readonly number[], max: readonly number[], width: number): number[] {
  const total = (widths: readonly number[]) => widths.reduce((sum, one) => sum + one, 0);
  if (total(max) <= width) return [...max];
  const spare = width - total(min);
  const wanted = total(max) - total(min);
  return min.map((least, i) => least + Math.floor((spare * (max[i]! - least)) / wanted));
}
