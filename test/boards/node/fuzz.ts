// Feeds the binding broken modules; run by fuzz.test.ts in a process of its own, so that a crash is seen as one.
// Arguments: the addon's file, a seed, how many rounds, then wasm files.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Wasm3Addon, Wasm3Instance } from '../../../host/engine/wasm3.js';

const [file = '', seed, rounds, ...programs] = process.argv.slice(2);
const addon = createRequire(import.meta.url)(file) as Wasm3Addon;
const originals = programs.map((name) => readFileSync(name));

// xorshift32: the same rounds for the same seed.
let state = Number(seed) | 1;
function random(bound: number) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % bound;
}

const counts = { invalid: 0, refused: 0, loaded: 0, trapped: 0, returned: 0 };
const interesting = [0, 1, 0x0b, 0x20, 0x40, 0x41, 0x7f, 0x80, 0xff];

for (let round = 0; round < Number(rounds); round++) {
  const bytes = new Uint8Array(originals[random(originals.length)] ?? []);
  for (let n = 1 + random(3); n > 0; n--) {
    const at = random(bytes.length);
    const value =
      (random(2) ? interesting[random(interesting.length)] : (bytes[at] ?? 0) ^ (1 << random(8))) ?? 0;
    // 3 would turn a block into a loop, and a branch out of it into one without end.
    if (value !== 3) bytes[at] = value;
  }
  const part = random(8) ? bytes : bytes.subarray(0, random(bytes.length));
  let program: Wasm3Instance;
  try {
    program = addon.load(part, 16384, 4);
    counts.loaded++;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    counts[code === 'WASM3_MODULE' && message.startsWith('not a valid') ? 'invalid' : 'refused']++;
    continue;
  }
  for (const name of Object.keys(program.exports)) {
    try {
      program.exports[name]?.(random(70000), random(64), random(3));
      counts.returned++;
    } catch {
      counts.trapped++;
    }
  }
  if (program.memory().byteLength % 65536 !== 0) throw new Error('a memory of part pages');
  if (random(2)) program.close();
}
console.log(JSON.stringify(counts));
