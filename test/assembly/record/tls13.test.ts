import { describe, expect, test } from 'vitest';
import { type Bench, hex, programs, unhex } from '../programs.js';
import { CONTEXT, Direction, ERROR } from './direction.js';
import { SUITES, TLS13, Twin } from './twin_protection.js';

/** RFC 8448 §3: keys of the application traffic, and the records with the 50 bytes 00 to 31. */
const TRACES = [
  {
    side: 'client',
    key: '17422dda596ed5d9acd890e3c63f5051',
    iv: '5b78923dee08579033e523d9',
    sequence: 0,
    record:
      '1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4',
  },
  {
    side: 'server',
    key: '9f02283b6c9c07efc26bb9f2ac92e356',
    iv: 'cf782b88dd83549aadf1e984',
    sequence: 1,
    record:
      '17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8fcc49c4bf2e5f0a21c0047c2abf332540dd032e167c2955d',
  },
];
const PAYLOAD = Uint8Array.from({ length: 50 }, (_, i) => i);

function traceDirection(bench: Bench, key: string, iv: string, sequence: number, seal: 0 | 1): number {
  const context = bench.room(CONTEXT);
  expect(
    bench.exports.protectionInit!(
      context,
      0x1301,
      TLS13,
      bench.put(unhex(key)),
      bench.put(unhex(iv)),
      0,
      seal,
    ),
  ).toBe(0);
  bench.exports.protectionSequence!(context, sequence, 0);
  return context;
}

describe.each(await programs('primitives'))('TLS 1.3 records on %s', (_, bench) => {
  test.each(TRACES)('RFC 8448 §3: data of the $side', ({ key, iv, sequence, record }) => {
    const bytes = unhex(record);
    const opener = traceDirection(bench, key, iv, sequence, 0);
    const at = bench.put(bytes);
    expect(bench.exports.openRecord!(opener, at, bytes.length)).toBe(50);
    expect(bench.exports.openedType!(opener)).toBe(23);
    expect(bench.get(bench.exports.openedStart!(opener), 50)).toEqual(PAYLOAD);

    const sealer = traceDirection(bench, key, iv, sequence, 1);
    const out = bench.room(48 + 50 + 80);
    bench.program.memory().set(PAYLOAD, out + 48);
    const length = bench.exports.sealRecord!(sealer, 23, out, 50);
    expect(hex(bench.get(out, length))).toBe(record);
    bench.free();
  });

  const open = (mischief: { zeros?: number; inner?: Uint8Array }, payload = Buffer.from('hello')) => {
    const twin = new Twin(SUITES[0]!, TLS13);
    const ours = new Direction(bench, twin, 0);
    const opened = ours.open(twin.seal(22, payload, mischief));
    ours.free();
    return opened;
  };

  test('padding of any length is taken off', () => {
    for (const zeros of [1, 2, 15, 16, 255, 4000, 16379]) {
      expect(open({ zeros })).toEqual({ type: 22, payload: Buffer.from('hello') });
    }
    expect(open({ zeros: 16384 }, Buffer.alloc(0))).toEqual({ type: 22, payload: Buffer.alloc(0) });
  });

  test('zeros before the type are content', () => {
    expect(open({ zeros: 3 }, Buffer.from('00610000', 'hex'))).toEqual({
      type: 22,
      payload: Buffer.from('00610000', 'hex'),
    });
  });

  test('no content type at all is unexpected_message', () => {
    for (const length of [0, 1, 100, 16385])
      expect(open({ inner: new Uint8Array(length) })).toBe(ERROR.UnexpectedMessage);
  });

  test('content and padding together over 2^14 + 1 bytes are record_overflow', () => {
    expect(open({ zeros: 16380 })).toBe(ERROR.RecordOverflow);
    expect(open({ inner: new Uint8Array(16386) })).toBe(ERROR.RecordOverflow);
  });
});
