// The content coding of what the device gets, and a device that the proxy chooses.
import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FieldReader, FieldWriter } from '../../../../host/delegation/bytes.js';
import {
  PAGER,
  PRESETS,
  readDeviceProfile,
  WAP_PHONE,
  writeDeviceProfile,
} from '../../../../host/delegation/device.js';
import { chosenCoding, encode } from '../../../../host/services/content_coding.js';
import { run } from './run.js';

const headers: [string, string][] = [
  ['Content-Type', 'text/html; charset=utf-8'],
  ['Vary', 'Cookie'],
];
const body = `<p>${'Hello again and again. '.repeat(200)}</p>`;

describe('content coding', () => {
  test.each([
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['gzip;q=1, br;q=0.5', 'gzip'],
    ['br;q=0, gzip;q=0', undefined],
    ['deflate', 'deflate'],
    ['*', 'br'],
    ['*;q=0', undefined],
    ['gzip;q=0.2, identity;q=0.9', undefined],
    ['zstd, compress', undefined],
    ['gzip;q=nonsense', undefined],
  ])('for Accept-Encoding %s is %s', (accept, coding) => {
    expect(chosenCoding(accept)).toBe(coding);
  });

  test.each(['gzip', 'br', 'deflate'])(
    '%s goes to a device that decodes it, even where the origin did not use it',
    async (coding) => {
      const plain = await run({ headers, body });
      expect(plain.headers.has('content-encoding')).toBe(false);
      expect(plain.headers.get('vary')).toBe('Cookie, Accept-Encoding');
      const coded = await run({ headers, body, request: { headers: [['Accept-Encoding', coding]] } });
      expect(coded.headers.get('content-encoding')).toBe(coding);
      expect(coded.text).toBe(plain.text);
      expect(coded.bytes.length).toBeLessThan(plain.bytes.length / 10);
    },
  );

  test('each chunk can be read before the next one is there', async () => {
    const received: Uint8Array[] = [];
    const read = () =>
      zlib.gunzipSync(Buffer.concat(received), { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString();
    async function* slowly() {
      for (const text of ['first ', 'second ', 'third']) {
        yield Buffer.from(text);
        expect(read().endsWith(text)).toBe(true);
      }
    }
    for await (const bytes of encode(slowly(), 'gzip')) received.push(bytes);
    expect(read()).toBe('first second third');
  });
});

describe('devices', () => {
  test('a device that the proxy was told stands in the place of the one that the client names', async () => {
    const { headers: sent } = await run({ headers, body, profile: PAGER, options: { profile: WAP_PHONE } });
    expect(sent.get('content-type')).toBe('text/vnd.wap.wml; charset=utf-8');
  });

  test.each([...PRESETS.values()])('$name goes into HELLO and gets pages in its markup', async (profile) => {
    const out = new FieldWriter();
    writeDeviceProfile(out, profile);
    expect(readDeviceProfile(new FieldReader(out.finish()))).toEqual(profile);
    const { change } = await run({ headers, body, profile });
    expect(change).toBeDefined();
  });
});
