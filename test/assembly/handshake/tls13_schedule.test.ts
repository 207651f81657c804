// The TLS 1.3 key schedule against the traces of RFC 8448 §3 and §4, and against node:crypto for SHA-384.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Bench, hex, programs, unhex } from '../programs.js';
import { deriveSecret, digest, expandLabel } from './twin_schedule.js';

const sha256 = 4;
const sha384 = 5;

const label = (bench: Bench, text: string) => bench.put(Buffer.from([text.length, ...Buffer.from(text)]));

describe.each(await programs('primitives'))('TLS 1.3 key schedule on %s', (_, bench) => {
  const call = (name: string, ...args: number[]) => bench.exports[name]!(...args);
  /** Derive-Secret with a transcript hash as hex. */
  const derive = (secret: string, text: string, transcriptHash: string, hash = sha256) => {
    const size = hash === sha256 ? 32 : 48;
    const out = bench.room(size);
    call(
      'deriveSecret',
      hash,
      bench.put(unhex(secret)),
      label(bench, text),
      bench.put(unhex(transcriptHash)),
      out,
    );
    const result = hex(bench.get(out, size));
    bench.free();
    return result;
  };
  const expand = (secret: string, text: string, context: string, length: number) => {
    const out = bench.room(length);
    const data = unhex(context);
    call(
      'expandLabel',
      sha256,
      bench.put(unhex(secret)),
      label(bench, text),
      bench.put(data),
      data.length,
      out,
      length,
    );
    const result = hex(bench.get(out, length));
    bench.free();
    return result;
  };
  const early = (psk?: string) => {
    const out = bench.room(64);
    call('earlySecret', sha256, psk ? bench.put(unhex(psk)) : 0, out);
    const result = hex(bench.get(out, 32));
    bench.free();
    return result;
  };
  const next = (secret: string, input: string) => {
    const at = bench.put(unhex(secret));
    const data = unhex(input);
    call('nextSecret', sha256, at, data.length > 0 ? bench.put(data) : 0, data.length);
    const result = hex(bench.get(at, 32));
    bench.free();
    return result;
  };
  const finished = (baseKey: string, transcriptHash: string) => {
    const out = bench.room(32);
    call('finishedMac', sha256, bench.put(unhex(baseKey)), bench.put(unhex(transcriptHash)), out);
    const result = hex(bench.get(out, 32));
    bench.free();
    return result;
  };

  const handshakeSecret = '1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac';
  const masterSecret = '18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919';
  const helloHash = '860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8';
  const serverHash = '9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13';
  const serverHandshake = 'b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38';

  test('RFC 8448 §3: the three secrets', () => {
    expect(early()).toBe('33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a');
    expect(next(early(), '8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d')).toBe(
      handshakeSecret,
    );
    expect(next(handshakeSecret, '')).toBe(masterSecret);
  });

  test('RFC 8448 §3: traffic secrets, keys, exporter and resumption', () => {
    expect(derive(handshakeSecret, 'c hs traffic', helloHash)).toBe(
      'b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21',
    );
    expect(derive(handshakeSecret, 's hs traffic', helloHash)).toBe(serverHandshake);
    expect(expand(serverHandshake, 'key', '', 16)).toBe('3fce516009c21727d0f2e4e86ee403bc');
    expect(expand(serverHandshake, 'iv', '', 12)).toBe('5d313eb2671276ee13000b30');
    expect(derive(masterSecret, 'c ap traffic', serverHash)).toBe(
      '9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5',
    );
    expect(derive(masterSecret, 's ap traffic', serverHash)).toBe(
      'a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643',
    );
    expect(derive(masterSecret, 'exp master', serverHash)).toBe(
      'fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50',
    );
    const resumption = '7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c';
    const clientHash = '209145a96ee8e2a122ff810047cc952684658d6049e86429426db87c54ad143d';
    expect(derive(masterSecret, 'res master', clientHash)).toBe(resumption);
    expect(expand(resumption, 'resumption', '0000', 32)).toBe(
      '4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3',
    );
  });

  test('RFC 8448 §4: the binder of the resumed handshake', () => {
    const secret = early('4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3');
    expect(secret).toBe('9b2188e9b2fc6d64d71dc329900e20bb41915000f678aa839cbb797cb7d8332c');
    const nothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    const key = derive(secret, 'res binder', nothing);
    expect(key).toBe('69fe131a3bbad5d63c64eebcc30e395b9d8107726a13d074e389dbc8a4e47256');
    expect(finished(key, '63224b2e4573f2d3454ca84b9d009a04f6be9e05711a8396473aefa01e924a14')).toBe(
      '3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d',
    );
  });

  test('agrees with node:crypto over random secrets, SHA-256 and SHA-384', () => {
    for (let i = 0; i < 20; i++) {
      const messages = randomBytes(i * 7);
      const secret = randomBytes(48);
      const theirs = deriveSecret(secret, 'c ap traffic', messages, 'sha384');
      const transcriptHash = hex(digest(messages, 'sha384'));
      expect(derive(hex(secret), 'c ap traffic', transcriptHash, sha384)).toBe(hex(theirs));
      const short = randomBytes(32);
      const at = bench.put(short);
      call('updateTrafficSecret', sha256, at);
      expect(hex(bench.get(at, 32))).toBe(hex(expandLabel(short, 'traffic upd', Buffer.alloc(0), 32)));
      bench.free();
    }
  });
});
