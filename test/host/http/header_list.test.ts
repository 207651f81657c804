// Header lines as they stood on the wire: one list for the proxy, its services, the gateway and the client.
import { describe, expect, test } from 'vitest';
import { HeaderList } from '../../../host/http/header_list.js';

const LINES = [
  ['Set-Cookie', 'a=1'],
  ['Vary', 'Accept'],
  ['set-cookie', 'b=2'],
] as const;

describe('a list of header lines', () => {
  test('keeps order and case, and finds names without case', () => {
    const list = new HeaderList(LINES);
    expect([...list]).toEqual(LINES);
    expect(list.get('SET-COOKIE')).toBe('a=1, b=2');
    expect(list.all('set-cookie')).toEqual(['a=1', 'b=2']);
    expect([list.has('vary'), list.has('age'), list.get('age')]).toEqual([true, false, undefined]);
  });

  test('sets in the place of the first of a name, appends, deletes', () => {
    const list = new HeaderList(LINES).set('SET-cookie', 'c=3').append('Age', '1').delete('vary');
    expect([...list]).toEqual([
      ['Set-Cookie', 'c=3'],
      ['Age', '1'],
    ]);
  });

  test('is its own: what happens to a clone does not happen to it', () => {
    const list = new HeaderList(LINES);
    list.clone().set('Vary', '*').delete('Set-Cookie');
    expect([...list]).toEqual(LINES);
  });

  test.each([
    ['Bad Name', 'x'],
    ['', 'x'],
    ['Name', 'two\r\nlines'],
    ['Name', 'a\0b'],
    ['Name', 'Ж'],
  ])('takes no line that would be none on the wire: %j: %j', (name, value) => {
    expect(() => new HeaderList([[name, value]])).toThrow(TypeError);
    expect(() => new HeaderList().append(name, value)).toThrow(TypeError);
    expect(() => new HeaderList().set(name, value)).toThrow(TypeError);
  });
});
