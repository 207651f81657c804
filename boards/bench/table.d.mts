import type { Measured } from './measure.mjs';
import type { Compared } from './plot.mjs';

export function ownTable(report: { rows: readonly Measured[]; released?: boolean }): string;
export function comparisonTable(report: { rows: readonly Compared[] }): string;
export function peersTable(report: { rows: readonly Compared[] }): string;
