export function tune(wasm: Uint8Array): Uint8Array;
