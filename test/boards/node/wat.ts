// Assembles WebAssembly text, for programs smaller than any that the compiler would emit.
import wabt from 'wabt';

const assembler = await wabt();

/** The binary of a module in the text format. `check: false` skips wabt's validation. */
export function assemble(text: string, check = true): Uint8Array {
  const module = assembler.parseWat('test.wat', text, { simd: true, reference_types: true });
  try {
    if (check) module.validate();
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}
