export function splitTees(wasm: Uint8Array): Uint8Array;
