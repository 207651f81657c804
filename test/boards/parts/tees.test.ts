import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { splitTees } from '../../../boards/parts/tees.mjs';
import { assemble } from '../node/wat.js';

const count = (wasm: Uint8Array, opcode: number, local: number) =>
  wasm.reduce((found, byte, at) => found + Number(byte === opcode && wasm[at + 1] === local), 0);
const LOCAL_TEE = 0x22;
