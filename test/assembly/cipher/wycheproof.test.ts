import { describe, expect, test } from 'vitest';
import { wycheproof } from '../../vectors/wycheproof.js';
import { hex, programs, unhex } from '../programs.js';
import { BAD_RECORD_MAC, chacha20Poly1305, expanded, gcm } from './aead.js';

interface AeadCase {
  key: string;
  iv: string;
  aad: string;
  msg: string;
  ct: string;
  tag: string;
}
interface AeadGroup {
  ivSize: number;
  keySize: number;
  tagSize: number;
}
interface CbcCase {
  key: string;
  iv: string;
  msg: string;
  ct: string;
}

describe.each(await programs('primitives'))('Wycheproof on %s', (_, bench) => {
  test.each([
    ['aes_gcm', gcm],
    ['chacha20_poly1305', chacha20Poly1305],
  ] as const)('%s', (name, aead) => {
    const file = wycheproof<AeadCase, AeadGroup>(name);
    if ('skipped' in file) return;
    let [ran, skipped] = [0, 0];
    for (const group of file.groups) {
      // TLS has nonces of 96 and tags of 128 bits, and no AES-192.
      if (group.ivSize !== 96 || group.tagSize !== 128 || group.keySize === 192) {
        skipped += group.tests.length;
        continue;
      }
      for (const it of group.tests) {
        const box = {
          key: unhex(it.key),
          nonce: unhex(it.iv),
          additional: unhex(it.aad),
          data: unhex(it.ct),
        };
        const opened = aead.open(bench, box, unhex(it.tag));
        const label = `tcId ${it.tcId}`;
        if (it.result === 'invalid') {
          expect(opened, label).toBe(BAD_RECORD_MAC);
        } else {
          expect(hex(opened as Uint8Array), label).toBe(it.msg);
          expect(hex(aead.seal(bench, { ...box, data: unhex(it.msg) }).tag), label).toBe(it.tag);
        }
        ran++;
      }
    }
    console.info(
      `${name}: ${ran} cases ran, ${skipped} skipped (nonce not 96, tag not 128 bits, or AES-192)`,
    );
    expect(ran).toBeGreaterThan(80);
  });

  test('AES-CBC, decrypted raw; the PKCS #5 padding is taken off here', () => {
    const file = wycheproof<CbcCase, { keySize: number }>('aes_cbc_pkcs5');
    if ('skipped' in file) return;
    let [ran, skipped] = [0, 0];
    for (const group of file.groups) {
      for (const it of group.tests) {
        const sealed = unhex(it.ct);
        // TLS has no AES-192, and refuses what isn't whole blocks before it decrypts.
        if (group.keySize === 192 || sealed.length === 0 || sealed.length % 16 !== 0) {
          skipped++;
          continue;
        }
        const key = expanded(bench, 'aesExpandKey', 968, unhex(it.key));
        const at = bench.put(Buffer.concat([unhex(it.iv), sealed]));
        bench.exports.aesCbcDecrypt!(key, at, sealed.length);
        const padded = bench.get(at, sealed.length);
        bench.free();
        const n = padded.at(-1)!;
        const good = n >= 1 && n <= 16 && padded.slice(-n).every((byte) => byte === n);
        expect(good ? hex(padded.slice(0, -n)) : 'bad padding', `tcId ${it.tcId}`).toBe(
          it.result === 'valid' ? it.msg : 'bad padding',
        );
        ran++;
      }
    }
    console.info(`aes_cbc_pkcs5: ${ran} cases ran, ${skipped} skipped (AES-192, or not whole blocks)`);
    expect(ran).toBeGreaterThan(60);
  });
});
