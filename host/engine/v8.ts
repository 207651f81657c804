// Runs the wasm program under the WebAssembly implementation of the JavaScript engine itself.
import { instantiate } from '@assemblyscript/loader';
import type { Exports, Program } from './program.js';

/** Compiles and instantiates `wasm`, which may import nothing. Throws WebAssembly.CompileError on bad bytes. */
export async function loadV8(wasm: Uint8Array): Promise<Program> {
  const { instance } = await instantiate(wasm as Uint8Array<ArrayBuffer>);
  const memory = instance.exports.memory as WebAssembly.Memory;
  const globals = Object.entries(instance.exports).filter(
    (entry): entry is [string, WebAssembly.Global] =>
      entry[1] instanceof WebAssembly.Global && typeof entry[1].value === 'number',
  );
  return {
    engine: 'v8',
    exports: instance.exports as Exports,
    constants: Object.fromEntries(globals.map(([name, { value }]) => [name, value])),
    memory: () => new Uint8Array(memory.buffer),
    // The collector takes the memory; what it held is overwritten now.
    close: () => void new Uint8Array(memory.buffer).fill(0),
  };
}
