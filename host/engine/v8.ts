// Runs the wasm program under the WebAssembly implementation of the JavaScript engine itself.
import type { Exports, Program } from './program.js';

/** Compiles and instantiates `wasm`, which may import nothing. Throws WebAssembly.CompileError on bad bytes. */
export async function loadV8(wasm: Uint8Array): Promise<Program> {
  const { instance } = await WebAssembly.instantiate(wasm as Uint8Array<ArrayBuffer>, {});
  const memory = instance.exports.memory as WebAssembly.Memory;
  return {
    engine: 'v8',
    exports: instance.exports as Exports,
    memory: () => new Uint8Array(memory.buffer),
    // The collector takes the memory; what it held is overwritten now.
    close: () => void new Uint8Array(memory.buffer).fill(0),
  };
}
