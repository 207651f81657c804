import type { Part } from './debian_source.mjs';

export const quickjsPin: Part;
export function quickjs(): { files: string[]; headers: string[]; include: string; flags: string[] };
export function compileScript(script: string, output: string, name: string): void;
