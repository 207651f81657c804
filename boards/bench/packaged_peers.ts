// Peers that npm distributes as wasm. The bytes are taken out of their JavaScript and run as they are, but for an import
// that only a fault would call, which becomes a trap: wasm3 here links nothing.

import { diffieHellman } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { digested, filledBytes, mustBe } from './given.js';
import type { WasmPeer } from './peer.js';
import type { Answer, Plan } from './plan.js';
import { x25519Private, x25519Public } from './public_key_rows.js';
import type { Call, Row } from './row.js';

type Measure = Row['measure'];

const require = createRequire(import.meta.url);
const build = fileURLToPath(new URL('../../build/bench', import.meta.url));

// Writes a module where it is not there yet and gives its path.
function kept(name: string, bytes: Uint8Array): string {
  mkdirSync(build, { recursive: true });
  const file = join(build, `${name}.wasm`);
  if (!existsSync(file) || Buffer.compare(readFileSync(file), bytes) !== 0) writeFileSync(file, bytes);
  return file;
}

const times = (size: number) => (size <= 1024 ? 16 : 1);

// hash-wasm: one module a hash, some told the digest's bits. The message goes into the module's buffer of 16 KiB, then one call makes the digest.
const hashWasmModules: Readonly<Record<string, readonly [module: string, name: string, ...bits: number[]]>> =
  {
    MD5: ['md5', 'md5'],
    'SHA-1': ['sha1', 'sha1'],
    'SHA-256': ['sha256', 'sha256', 256],
    'SHA-384': ['sha512', 'sha384', 384],
    'SHA-512': ['sha512', 'sha512', 512],
  };

function hashWasm(): WasmPeer {
  const folder = dirname(require.resolve('hash-wasm'));
  const programs: Record<string, string> = {};
  for (const module of ['md5', 'sha1', 'sha256', 'sha512']) {
    const text = readFileSync(join(folder, `${module}.umd.min.js`), 'utf8');
    const encoded = /"(AGFzb[\w+/=]+)"/.exec(text)?.[1];
    if (!encoded) throw new Error(`hash-wasm's ${module} holds no wasm where it used to`);
    programs[module] = kept(`hash-wasm-${module}`, Buffer.from(encoded, 'base64'));
  }
  return {
    name: 'hash-wasm',
    candidates(row) {
      const entry = row.kind === 'hash' ? hashWasmModules[row.primitive] : undefined;
      if (!entry) return [];
      const [module, name, ...bits] = entry;
      const measure = (plan: Plan, size: number, answer: Answer<number>) => {
        const buffer = plan.kept('Hash_GetBuffer');
        plan.fill(buffer, size, 1);
        plan.call('Hash_Calculate', size, ...bits);
        const digest = digested(name, filledBytes(size, 1));
        plan.show(mustBe(digest), buffer, digest.length);
        plan.fill(buffer, size, 1).count(answer, times(size), 'Hash_Calculate', size, ...bits);
      };
      return [{ variant: '', constantTime: true, wasm: programs[module]!, measure }];
    },
  };
}

// Monocypher 3.1. Its authenticated encryption is XChaCha20-Poly1305: one block more than RFC 8439.
async function monocypherBytes(): Promise<Uint8Array> {
  const folder = dirname(dirname(require.resolve('monocypher-wasm')));
  return (await import(join(folder, 'esm/monocypher_wasm.js'))).default;
}
const monocypherWasm = await monocypherBytes().catch((error: Error) => error);

function monocypher(): WasmPeer {
  if (monocypherWasm instanceof Error) throw monocypherWasm;
  const wasm = kept('monocypher', monocypherWasm);
  const room = (plan: Plan, length: number, seed?: number) => {
    const at = plan.kept('malloc', length);
    if (seed !== undefined) plan.fill(at, length, seed);
    return at;
  };
  const seal = (plan: Plan, size: number, answer: Answer<number>) => {
    const [key, nonce, aad] = [room(plan, 32, 4), room(plan, 24, 5), room(plan, 16, 6)];
    const [data, tag] = [room(plan, size, 7), room(plan, 16)];
    const call: Call = ['crypto_lock_aead', tag, data, key, nonce, aad, 13, data, size];
    const cipher = xchacha20poly1305(filledBytes(32, 4), filledBytes(24, 5), filledBytes(13, 6));
    const all = cipher.encrypt(filledBytes(size, 7));
    plan.call(...call);
    plan.show(mustBe(all.subarray(0, size)), data, size).show(mustBe(all.subarray(size)), tag, 16);
    plan.count(answer, times(size), ...call);
  };
  const multiply = (plan: Plan, _size: number, answer: Answer<number>) => {
    const out = room(plan, 32);
    plan.count(answer, 1, 'crypto_x25519', out, room(plan, 32, 17), room(plan, 32, 18));
    const [privateKey, publicKey] = [x25519Private(filledBytes(32, 17)), x25519Public(filledBytes(32, 18))];
    plan.show(mustBe(diffieHellman({ privateKey, publicKey })), out, 32);
  };
  const publicKey = (plan: Plan, _size: number, answer: Answer<number>) => {
    const out = room(plan, 32);
    plan.count(answer, 1, 'crypto_x25519_public_key', out, room(plan, 32, 17));
    plan.show(mustBe(x25519PublicKeyOf(filledBytes(32, 17))), out, 32);
  };
  const measures: Record<string, { variant?: string; measure: Measure }> = {
    'ChaCha20-Poly1305 seal': { variant: 'XChaCha20', measure: seal },
    'X25519, one multiplication': { measure: multiply },
    'X25519, public key': { measure: publicKey },
  };
  return {
    name: 'Monocypher',
    candidates(row) {
      const { variant = '', measure } = measures[row.primitive] ?? {};
      return measure ? [{ variant, constantTime: true, wasm, measure }] : [];
    },
  };
}

const wabt = await import('wabt').then(({ default: load }) => load());

/** The module with its imported functions, which only faults and unused parts call, as functions that trap. */
function withoutImports(name: string, bytes: Uint8Array): string {
  const read = wabt.readWasm(bytes, { readDebugNames: false });
  read.resolveNames();
  const text = read.toText({ foldExprs: false, inlineExport: false });
  const imported = /\(import "[^"]*" "[^"]*" \(func (\S+) (\(type \S+\))\)\)/g;
  // A definition may only follow the imports: all of them are functions.
  const own = text.replace(imported, '(func $1 $2 unreachable)');
  return kept(name, wabt.parseWat(name, own).toBinary({}).buffer);
}

/** An AssemblyScript module, and the addresses that its exported globals hold once it has started. */
function withoutAbort(name: string, bytes: Uint8Array) {
  const wasm = withoutImports(name, bytes);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(wasm)));
  return { wasm, address: (global: string) => (exports[global] as WebAssembly.Global).value as number };
}

const packaged = (file: string) =>
  readFileSync(join(dirname(require.resolve('hash-wasm/package.json')), '..', file));

// ChainSafe's SHA-256 in AssemblyScript: its buffer holds 512 bytes, longer messages come in as many calls.
function asSha256(): WasmPeer {
  const { wasm, address } = withoutAbort('as-sha256', packaged('@chainsafe/as-sha256/build/optimized.wasm'));
  const [input, output, room] = [address('input'), address('output'), 512];
  const measure = (plan: Plan, size: number, answer: Answer<number>) => {
    const data = filledBytes(size, 1);
    const check = () => plan.show(mustBe(digested('sha256', data)), output, 32);
    if (size <= room) {
      plan.bytes(input, data).count(answer, times(size), 'digest', size);
      check();
      return;
    }
    let total = 0;
    const add = (instructions: number) => {
      total += instructions;
      answer(total);
    };
    plan.call('init').call('update', input, room).call('final', output);
    plan.countFirst(add, 'init');
    for (let at = 0; at < size; at += room)
      plan.bytes(input, data.subarray(at, at + room)).countFirst(add, 'update', input, room);
    plan.countFirst(add, 'final', output);
    check();
  };
  return {
    name: 'as-sha256',
    candidates: (row) =>
      row.primitive === 'SHA-256' ? [{ variant: '', constantTime: true, wasm, measure }] : [],
  };
}

// ChainSafe's ChaCha20-Poly1305 in AssemblyScript: all operands lie at fixed places.
function asChacha(): WasmPeer {
  const { wasm, address } = withoutAbort(
    'as-chacha20poly1305',
    packaged('@chainsafe/as-chacha20poly1305/build/optimized.wasm'),
  );
  const measure = (plan: Plan, size: number, answer: Answer<number>) => {
    plan
      .fill(address('cpKey'), 32, 4)
      .fill(address('cpNonce'), 12, 5)
      .fill(address('cpAssociatedData'), 13, 6);
    plan.fill(address('cpInput'), size, 7);
    plan.count(answer, times(size), 'sealUpdate', 1, 1, size, size, 13);
    const cipher = chacha20poly1305(filledBytes(32, 4), filledBytes(12, 5), filledBytes(13, 6));
    const all = cipher.encrypt(filledBytes(size, 7));
    plan.show(mustBe(all.subarray(0, size)), address('chacha20Output'), size);
    plan.show(mustBe(all.subarray(size)), address('poly1305Output'), 16);
  };
  return {
    name: 'as-chacha20poly1305',
    candidates: (row) => (row.kind === 'chacha' ? [{ variant: '', constantTime: true, wasm, measure }] : []),
  };
}

// libsodium's standard build, by Emscripten: its JavaScript holds a second build for engines without wasm, then the wasm,
// each with its own short names of the exports.
function libsodium(): WasmPeer {
  const text = readFileSync(require.resolve('libsodium'), 'utf8');
  const encoded = /"(AGFzb[\w+/=]+)"/.exec(text)?.[1];
  if (!encoded) throw new Error('libsodium holds no wasm where it used to');
  const wasm = withoutImports('libsodium', Buffer.from(encoded, 'base64'));
  const short = (name: string) => {
    const found = [...text.matchAll(new RegExp(`\\b_${name}=\\w+\\.(\\w+)`, 'g'))].at(-1)?.[1];
    if (!found) throw new Error(`libsodium exports no ${name} where it used to`);
    return found;
  };
  const [malloc, multiplication] = [short('malloc'), short('crypto_scalarmult')];
  const multiplicationOfBase = short('crypto_scalarmult_base');
  const encrypt = short('crypto_aead_chacha20poly1305_ietf_encrypt_detached');
  const room = (plan: Plan, length: number, seed?: number) => {
    const at = plan.kept(malloc, length);
    if (seed !== undefined) plan.fill(at, length, seed);
    return at;
  };
  const measures: Record<string, Measure> = {
    'ChaCha20-Poly1305 seal': (plan: Plan, size: number, answer: Answer<number>) => {
      const [key, nonce, aad] = [room(plan, 32, 4), room(plan, 12, 5), room(plan, 16, 6)];
      const [data, tag] = [room(plan, size, 7), room(plan, 16)];
      // Lengths are pairs of 32 bits; 0 where a length is to be told and for the secret nonce that there is not.
      const call: Call = [encrypt, data, tag, 0, data, size, 0, aad, 13, 0, 0, nonce, key];
      const all = chacha20poly1305(filledBytes(32, 4), filledBytes(12, 5), filledBytes(13, 6)).encrypt(
        filledBytes(size, 7),
      );
      plan.call(...call);
      plan.show(mustBe(all.subarray(0, size)), data, size).show(mustBe(all.subarray(size)), tag, 16);
      plan.count(answer, times(size), ...call);
    },
    'X25519, one multiplication': (plan: Plan, _size: number, answer: Answer<number>) => {
      const out = room(plan, 32);
      plan.count(answer, 1, multiplication, out, room(plan, 32, 17), room(plan, 32, 18)).expect(0);
      const [privateKey, publicKey] = [x25519Private(filledBytes(32, 17)), x25519Public(filledBytes(32, 18))];
      plan.show(mustBe(diffieHellman({ privateKey, publicKey })), out, 32);
    },
    'X25519, public key': (plan: Plan, _size: number, answer: Answer<number>) => {
      const out = room(plan, 32);
      plan.count(answer, 1, multiplicationOfBase, out, room(plan, 32, 17));
      plan.show(mustBe(x25519PublicKeyOf(filledBytes(32, 17))), out, 32);
    },
  };
  return {
    name: 'libsodium',
    candidates({ primitive }) {
      const measure = measures[primitive];
      return measure ? [{ variant: '', constantTime: true, wasm, measure }] : [];
    },
  };
}

function x25519PublicKeyOf(secret: Uint8Array): Buffer {
  const base = Buffer.alloc(32);
  base[0] = 9;
  return diffieHellman({ privateKey: x25519Private(secret), publicKey: x25519Public(base) });
}

/** Name, and what makes the peer; throws where its package is absent or changed. */
export const packagedPeers: readonly (readonly [string, () => WasmPeer])[] = [
  ['hash-wasm', hashWasm],
  ['Monocypher', monocypher],
  ['libsodium', libsodium],
  ['as-sha256', asSha256],
  ['as-chacha20poly1305', asChacha],
];
