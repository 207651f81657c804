// Who a request is of: by address or password, and guessing is slow.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { addPerson, People } from '../../../host/gateway/people.js';

let folder: string;
let people: People;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'deputy-people-'));
  addPerson(folder, 'ada', 'right:with colon');
  addPerson(folder, 'bob', 'other');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  people = People.open(folder);
  return () => vi.useRealTimers();
});

const basic = (name: string, password: string) =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

test('a password tells who asks, and no other person has it', () => {
  expect(people.identify('192.0.2.1', basic('ada', 'right:with colon'))?.name).toBe('ada');
  expect(people.identify('192.0.2.1', basic('bob', 'right:with colon'))).toBeUndefined();
});

test.each([undefined, '', 'Basic', 'Basic !', basic('', ''), basic('nobody', 'x'), 'Bearer abc'])(
  '%s tells nobody',
  (credentials) => expect(people.identify('192.0.2.1', credentials)).toBeUndefined(),
);

test('who guesses has to wait, and holds up nobody else, nor who was right before', () => {
  const [right, wrong] = [basic('ada', 'right:with colon'), basic('ada', 'wrong')];
  expect(people.identify('192.0.2.1', right)?.name).toBe('ada');
  for (let i = 0; i < 5; i++) expect(people.identify('192.0.2.1', wrong)).toBeUndefined();
  expect(people.identify('192.0.2.1', basic('bob', 'other'))).toBeUndefined();
  expect(people.identify('192.0.2.1', right)?.name).toBe('ada');
  expect(people.identify('192.0.2.2', basic('bob', 'other'))?.name).toBe('bob');
  vi.advanceTimersByTime(1000);
  expect(people.identify('192.0.2.1', basic('bob', 'other'))?.name).toBe('bob');
});
