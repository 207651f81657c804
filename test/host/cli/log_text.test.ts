import { expect, test } from 'vitest';
import { logText } from '../../../host/cli/log_text.js';
import { hasControls } from '../../../host/delegation/text.js';

const time = new Date(2026, 11, 1, 9, 5, 7, 42).getTime();

test('a line tells time, level and message, and its fields', () => {
  const line = JSON.stringify({ level: 30, time, session: 'ab', count: 2, msg: 'session over' });
  expect(logText(line)).toBe('[09:05:07.042] INFO: session over {"session":"ab","count":2}\n');
  expect(logText(JSON.stringify({ level: 50, time }))).toBe('[09:05:07.042] ERROR: \n');
});

test('what a peer wrote moves no cursor and makes no line', () => {
  const text = logText(JSON.stringify({ level: 40, time, why: '\x1b[2J\n', msg: 'a\x1b[31mb\nc' }));
  expect(hasControls(text.slice(0, -1))).toBe(false);
});

test('colour marks the level, on a terminal alone', () => {
  expect(logText(JSON.stringify({ level: 40, time, msg: 'x' }), { coloured: true })).toContain(
    '\x1b[33mWARN\x1b[39m',
  );
});
