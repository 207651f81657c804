// Starts firmware: on an emulator, with the time and a seed handed in, or as a program of this machine.

import type { ChildProcess, StdioOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Board } from './boards.js';
import { startEmulator } from './emulator.js';
import { gatewayCommand, type Impairment, LINE } from './gateway/gateway.js';

export interface StartOptions {
  seed?: Buffer | null;
  time?: number | null;
  stdio?: StdioOptions;
  env?: Readonly<Record<string, string>>;
  /** Further arguments of the emulator. */
  emulator?: readonly string[];
  impairment?: Impairment;
  /** Instead of asking by DHCP: `ADDRESS/BITS,GATEWAY,NAMESERVER`. */
  address?: string;
}

/**
 * Starts the client's firmware with these arguments. `seed` (64 random bytes) and `time` (milliseconds since 1970, now)
 * may be replaced, or withheld by null. `emulator` gives the emulator further arguments, `impairment` a worse network
 * (gateway.ts), `address` (`ADDRESS/BITS,GATEWAY,NAMESERVER`) one without DHCP; `stdio` and `env` are those of spawn.
 * Gives the child process; what was handed in is removed when it ends.
 */
export function startClient(
  board: Board,
  firmware: string,
  args: readonly string[],
  { seed, time, stdio = 'inherit', env, emulator = [], impairment, address }: StartOptions = {},
): ChildProcess {
  if (!board.emulator && impairment) throw new Error(`the network of ${board.name} is this machine's own`);
  if (!board.emulator) return spawn(firmware, args, { stdio, env: { ...process.env, ...env } });
  const folder = mkdtempSync(join(tmpdir(), 'deputy-board-'));
  const file = join(folder, 'start');
  const lines = [
    ...(time === null ? [] : [`time ${time ?? Date.now()}`]),
    ...(seed === null ? [] : [`seed ${(seed ?? randomBytes(64)).toString('hex')}`]),
    ...(address === undefined ? [] : [`address ${given(address)}`]),
    ...[...args, ...(board.hostAddress ? ['--resolve', `localhost=${board.hostAddress}`] : [])].map(argument),
  ];
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  const semihosting = `enable=on,target=native,arg=deputy,arg=${file.replaceAll(',', ',,')}`;
  const [program, ...first] = onNetwork(board, firmware, impairment);
  const child = startEmulator(program, [...first, ...emulator, '-semihosting-config', semihosting], {
    stdio,
  });
  const remove = () => rmSync(folder, { recursive: true, force: true });
  child.once('exit', remove);
  child.once('error', remove);
  return child;
}

// A serial line needs the gateway at its other end; an Ethernet controller only for what the emulator's network can't do.
function onNetwork(
  { name, network, emulator, machine }: Board,
  firmware: string,
  impairment: Impairment | undefined,
): [string, ...string[]] {
  if (emulator === undefined || machine === undefined) throw new Error(`${name} has no emulator`);
  if (network !== 'slip' && !impairment) return [emulator, ...machine(firmware)];
  if (network === undefined) throw new Error(`${name} has no line for a worse network`);
  return [...gatewayCommand(network, impairment), emulator, ...machine(firmware, LINE)];
}

// `ADDRESS/BITS,GATEWAY,NAMESERVER` as the board takes it, with a mask.
function given(text: string) {
  const [, address, bits, gateway, names] = /^([\d.]+)\/(\d{1,2}),([\d.]+),([\d.]+)$/.exec(text) ?? [];
  const count = Number(bits);
  if (!address || !(count <= 32))
    throw new Error(`an address is ADDRESS/BITS,GATEWAY,NAMESERVER, not ${text}`);
  const mask = count === 0 ? 0 : (-1 << (32 - count)) >>> 0;
  const dotted = [24, 16, 8, 0].map((shift) => (mask >>> shift) & 255).join('.');
  return `${address} ${dotted} ${gateway} ${names}`;
}

function argument(text: string) {
  if (/[\r\n]/.test(text)) throw new Error('an argument of a board is one line');
  return `argument ${text}`;
}

/** Resolves with the status when the firmware has ended and all that it said was read; a signal counts as status 1. */
export async function ended(child: ChildProcess): Promise<number> {
  const closed = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
  const [status] = await Promise.all([closed, child.stderr && finished(child.stderr, { writable: false })]);
  return status;
}
