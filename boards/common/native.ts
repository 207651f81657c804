// The global object that native.c gives to the client on a board.
import type { Wasm3Addon } from '../../host/engine/wasm3.js';
import type { NativeScreen } from './screen/screen.js';

/** A TCP connection. Nothing waits here: what can't be done now is asked for again on a later turn. */
export interface Socket {
  /** Whether TCP is open yet. Throws where it can't be opened. */
  connected(): boolean;
  /** What has come, undefined for nothing yet, null at the end. Throws where the connection broke. */
  receive(): Uint8Array | undefined | null;
  /** How many of the bytes were queued; the rest is for later. */
  send(bytes: Uint8Array): number;
  /** Sends what is queued, then closes. */
  close(): void;
}

/** Storage of the board's own, over restarts; board.h tells more. */
export interface NativeStorage {
  /** Undefined where nothing is kept. */
  load(key: string): Uint8Array | undefined;
  /** No bytes: forgets. False where they are not kept. */
  store(key: string, bytes: Uint8Array): boolean;
}

export interface Native extends Wasm3Addon {
  /** Undefined on a board without one. */
  readonly storage?: NativeStorage;
  /** Undefined on a board without one. */
  readonly screen?: NativeScreen;
  /** The command line without the program's name. */
  readonly arguments: readonly string[];
  connect(host: string, port: number): Socket;
  /** Writes to the console: what a program prints, or (`error`) what it says about its work. */
  write(error: boolean, bytes: Uint8Array): void;
  /** A file of the board's storage. */
  file(name: string): Uint8Array | undefined;
  /** Milliseconds since 1970, 0 where the board does not know the time. */
  unixTime(): number;
  /** Since start, steadily. */
  nanoseconds(): number;
  /** Those in which the board did not sleep: under QEMU's `-icount shift=0`, the instructions that it executed. */
  busyNanoseconds(): number;
  /** Most bytes that the heap ever took. */
  heapPeak(): number;
  /** Undefined where the board has no entropy. */
  entropy(length: number): Uint8Array | undefined;
  /** The device program, where it is stored. */
  program(): Uint8Array;
  /**
   * The main loop calls `turn` whenever it wakes, and sleeps at most the milliseconds that it gives; a negative number
   * says that there is nothing to wait for.
   */
  onTurn(turn: () => number): void;
  /** Ends the program after this turn. */
  exit(status: number): void;
}
