export const wasm3Pin: Readonly<{ version: string; package: string; sha256: string }>;
export const wasm3Units: readonly string[];
export const wasm3Headers: readonly string[];
export function hashSources(directory: string): string;
export function wasm3Sources(checkout?: string): string;
export function packSources(): void;
