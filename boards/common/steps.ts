// Steps of the exchange as lines of JSON on the console, for a program that follows the board from outside.
import type { Step } from '../../host/client/observer.js';
import { toHex } from '../../host/delegation/text.js';

/** Bytes become hexadecimal text. The engine here has no JSON of its own: nothing else needs it. */
export const stepLine = (step: Step | { step: 'engine'; cryptoBytes: number }): string =>
  `step ${json(step)}\n`;

function json(value: unknown): string {
  if (value instanceof Uint8Array) return `"${toHex(value)}"`;
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  if (typeof value === 'string') return `"${value.replace(/[^ !#-[\]-~]/g, escaped)}"`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null) return 'null';
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields.map(([name, field]) => `${json(name)}:${json(field)}`).join(',')}}`;
}

const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
