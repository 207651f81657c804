// The lines of the log as people read them: time, level, message, and the fields as JSON.
import { styleText } from 'node:util';
import { plainText } from '../delegation/text.js';

const LEVELS: Readonly<Record<number, { name: string; colour: 'blue' | 'green' | 'yellow' | 'red' }>> = {
  20: { name: 'DEBUG', colour: 'blue' },
  30: { name: 'INFO', colour: 'green' },
  40: { name: 'WARN', colour: 'yellow' },
  50: { name: 'ERROR', colour: 'red' },
};
const LONGEST = 1000;

/** A line of pino's as text, in the time of this machine. */
export function logText(line: string, { coloured = false } = {}): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as { time: number; level: number; msg: unknown };
  const { name, colour } = LEVELS[level] ?? { name: String(level), colour: 'red' };
  const clock = new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(11, 23);
  const shown = coloured ? styleText(colour, name, { validateStream: false }) : name;
  const rest = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`;
  return `[${clock}] ${shown}: ${plainText(String(msg ?? ''), LONGEST)}${rest}\n`;
}

/** Where pino writes, for `to` to get text. */
export const textLines = (to: NodeJS.WritableStream & { isTTY?: boolean }) => ({
  write: (line: string) => void to.write(logText(line, { coloured: to.isTTY ?? false })),
});
