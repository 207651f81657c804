import { describe, expect, test } from 'vitest';
import { chosen } from '../../../boards/bench/only.js';

const rows = [
  'SHA-1',
  'SHA-256',
  'HMAC-SHA-256',
  'AES-128-GCM',
  'AES-128-GCM key',
  'P-256 ECDH',
  'X25519, public key',
].map((primitive) => ({
  primitive,
}));
const names = (text: string) => chosen(rows, text).map(({ primitive }) => primitive);

describe('--only', () => {
  test.each([
    ['', rows.map(({ primitive }) => primitive)],
    ['sha-256', ['SHA-256']],
    ['SHA-*', ['SHA-1', 'SHA-256']],
    ['*sha-256', ['SHA-256', 'HMAC-SHA-256']],
    ['gcm', ['AES-128-GCM', 'AES-128-GCM key']],
    ['AES-128-GCM', ['AES-128-GCM']],
    ['p-256, SHA-1', ['SHA-1', 'P-256 ECDH']],
    ['x25519, public key', ['X25519, public key']],
    ['*', rows.map(({ primitive }) => primitive)],
  ])('%j means %j', (text, meant) => {
    expect(names(text)).toEqual(meant);
  });

  test.each(['md5', 'sha-1,md5', 'a.s'])('%j means none, and what there is is said', (text) => {
    expect(() => names(text)).toThrow(/means no row; there is SHA-1, SHA-256/);
  });
});
