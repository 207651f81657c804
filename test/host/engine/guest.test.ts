import { describe, expect, test } from 'vitest';
import { ascii, Guest, uint16List } from '../../../host/engine/guest.js';
import type { Program } from '../../../host/engine/program.js';

/** A program of one page that hands out rooms one behind the other and records what it was called with. */
function programOf(more: Record<string, (...args: number[]) => number>) {
  const memory = new Uint8Array(65536);
  const released: [number, number][] = [];
  let next = 16;
  const exports = {
    allocate: (length: number) => {
      if (length > 0x20000) return 0;
      next += length;
      return next - length;
    },
    release: (pointer: number, length: number) => {
      memory.fill(0, pointer, pointer + length);
      return released.push([pointer, length]);
    },
    ...more,
  };
  const program: Program = { engine: 'v8', exports, constants: {}, memory: () => memory, close: () => {} };
  return { guest: new Guest(program), memory, released };
}

describe('calls into the program', () => {
  test('lent bytes are there during the call and given back after it', () => {
    const { guest, memory, released } = programOf({});
    const seen = guest.lend(new Uint8Array([1, 2, 3]), (pointer, length) => guest.copy(pointer, length));
    expect([...seen]).toEqual([1, 2, 3]);
    expect(released).toEqual([[16, 3]]);
    expect(memory.every((byte) => byte === 0)).toBe(true);
  });

  test('lent bytes are given back when the call throws', () => {
    const { guest, released } = programOf({});
    const fail = () => {
      throw new Error('no');
    };
    expect(() => guest.lend(new Uint8Array(5), fail)).toThrow('no');
    expect(released).toEqual([[16, 5]]);
  });

  test('no bytes need no room, and too many have none', () => {
    const { guest, released } = programOf({});
    expect(guest.lend(new Uint8Array(0), (pointer, length) => [pointer, length])).toEqual([0, 0]);
    expect(() => guest.room(0x20001, () => 0)).toThrow(expect.objectContaining({ code: 'TLS_TOO_LONG' }));
    expect(released).toEqual([]);
  });

  test('a trap ends the program: no further call reaches it', () => {
    let calls = 0;
    const { guest, released } = programOf({
      trap: () => {
        calls++;
        throw new WebAssembly.RuntimeError('unreachable');
      },
    });
    const stopped = expect.objectContaining({
      code: 'TLS_ENGINE_STOPPED',
      message: 'The wasm program stopped (unreachable); load it anew, its connections are lost.',
    });
    expect(() => guest.lend(new Uint8Array(4), () => guest.exports.trap!())).toThrow(stopped);
    expect(() => guest.exports.trap!()).toThrow(stopped);
    expect(() => guest.exports.allocate!(1)).toThrow(stopped);
    expect(calls).toBe(1);
    expect(released).toEqual([]);
  });

  test('text is ASCII or refused, lists are big-endian', () => {
    expect([...ascii('h2', 'alpn')]).toEqual([0x68, 0x32]);
    expect(() => ascii('münchen.example', 'the server name')).toThrow('the server name is not plain ASCII');
    expect(() => ascii('a\0b', 'it')).toThrow(expect.objectContaining({ code: 'TLS_BAD_ARGUMENT' }));
    expect([...uint16List([0x1301, 0xc02f])]).toEqual([0x13, 0x01, 0xc0, 0x2f]);
  });
});
