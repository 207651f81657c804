// Names are asked for once while an answer is good, and what failed is asked for anew.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Names, type NamesOptions, resolved } from '../../../../host/proxy/admission/dns_cache.js';

/** With the system's own answers, and each question written down. */
function counted(options: NamesOptions = {}) {
  const asked: string[] = [];
  const resolve = (name: string) => {
    asked.push(name);
    return resolved(name);
  };
  return { names: new Names({ resolve, ...options }), asked };
}

describe('a name', () => {
  test('is asked for once by many, at once and later', async () => {
    const { names, asked } = counted();
    const many = await Promise.all(Array.from({ length: 20 }, () => names.addresses('localhost')));
    for (const each of many) expect(each).toEqual(await resolved('localhost'));
    expect(await names.addresses('localhost')).toEqual(many[0]);
    expect(asked).toEqual(['localhost']);
  });

  test('is asked for again when the answer is old', async () => {
    const { names, asked } = counted({ goodFor: 20 });
    await names.addresses('localhost');
    await delay(30);
    await names.addresses('localhost');
    expect(asked).toEqual(['localhost', 'localhost']);
  });

  test('that does not resolve is asked for again', async () => {
    const { names, asked } = counted();
    const bad = `${'a'.repeat(64)}.invalid`;
    for (let i = 0; i < 2; i++) await expect(names.addresses(bad)).rejects.toThrow();
    expect(asked).toEqual([bad, bad]);
  });

  test('is forgotten for newer ones', async () => {
    const { names, asked } = counted({ most: 2 });
    for (const name of ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.3', '127.0.0.2', '127.0.0.1'])
      expect(await names.addresses(name)).toEqual([name]);
    expect(asked).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.1']);
  });
});
