import type { Board } from '../parts/firmware.js';

export function missingClang(): string | undefined;
export function bearsslProgram(): string;
export function mbedtlsProgram(): string;
export function nativeProgram(board: Board): string;
