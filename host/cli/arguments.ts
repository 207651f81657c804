// Values of command-line options, checked where they come in.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import { RECORD_LIMITS } from '../client/options.js';
import { isRootList } from '../client/tls/root_list.js';
import { type DeviceProfile, HANDHELD, PRESETS } from '../delegation/device.js';
import { DeputyError } from '../delegation/error.js';
import { GRANT_NAMES, type GrantName, parseGrant } from '../delegation/grant.js';
import { parseAuthority, parseOriginPattern } from '../delegation/origin.js';
import type { DailyWindow } from '../delegation/subscription.js';
import type { TlsVersion } from '../engine/tls.js';
import { isFieldValue, isToken } from '../http/grammar.js';
import { Version } from '../tls/numbers.js';
import { suggestion } from './suggestion.js';

/** `HOST:PORT`, `[v6]:PORT`. */
export function hostAndPort(text: string): { host: string; port: number } {
  const parsed = parseAuthority(text);
  if (parsed === undefined) throw new InvalidArgumentError('Write HOST:PORT, or [ADDRESS]:PORT for IPv6.');
  return parsed;
}

/** A grant, or 'none' for a session that stays end to end. */
export function grantOrNone(text: string): GrantName | 'none' {
  if (text === 'none' || parseGrant(text) !== undefined) return text as GrantName | 'none';
  const known = ['none', ...GRANT_NAMES];
  throw new InvalidArgumentError(`Choose one of ${known.join(', ')}.${suggestion(text, known)}`);
}

/** Collects `HOST=ADDRESS` of an option that may be given several times. */
export function addressOf(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [name = '', address = ''] = text.split('=');
  if (name === '' || isIP(address) === 0) throw new InvalidArgumentError('Write HOST=ADDRESS.');
  return { ...before, [name.toLowerCase()]: address };
}

/** Collects patterns of an option that may be given several times. */
export function originPatterns(text: string, before: readonly string[] = []): string[] {
  if (parseOriginPattern(text) === undefined) {
    throw new InvalidArgumentError('Write a host, *.domain or *, with :PORT where one port is meant.');
  }
  return [...before, text];
}

export function headerLine(
  text: string,
  before: readonly (readonly [string, string])[] = [],
): [string, string][] {
  const colon = text.indexOf(':');
  const [name, value] = [text.slice(0, Math.max(0, colon)), text.slice(colon + 1).trim()];
  if (!isToken(name) || !isFieldValue(value))
    throw new InvalidArgumentError('Write a header as "Name: value".');
  return [...(before as [string, string][]), [name, value]];
}

const VERSIONS: Readonly<Record<string, TlsVersion>> = {
  ssl3: Version.Ssl30,
  '1.0': Version.Tls10,
  '1.1': Version.Tls11,
  '1.2': Version.Tls12,
  '1.3': Version.Tls13,
};

export function tlsVersion(text: string): TlsVersion {
  const version = VERSIONS[text];
  if (version === undefined)
    throw new InvalidArgumentError('Choose 1.2 or 1.3; with --legacy ssl3, 1.0 or 1.1.');
  return version;
}

/** Seconds above 0, as milliseconds. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400)) throw new InvalidArgumentError('Write a number of seconds.');
  return Math.round(value * 1000);
}

/** `90s`, `30m`, `6h` or `1d`, as seconds. */
export function interval(text: string): number {
  const match = /^([1-9]\d{0,6})([smhd])$/.exec(text);
  const seconds = Number(match?.[1]) * { s: 1, m: 60, h: 3600, d: 86_400 }[match?.[2] ?? 's']!;
  if (match === null || seconds > 604_800) throw new InvalidArgumentError('Write 30m, 6h or 1d: 7d at most.');
  return seconds;
}

/** A whole number from 1 to `most`. */
export const count = (most: number) => (text: string) => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > most) {
    throw new InvalidArgumentError(`Write a whole number from 1 to ${most}.`);
  }
  return value;
};

/** `01:00-05:00` in the time of this machine, as minutes of the day in UTC. */
export function dailyWindow(text: string): DailyWindow {
  const match = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Write the hours of a day, as 01:00-05:00.');
  const [from, to] = [1, 3].map((at) => Number(match[at]) * 60 + Number(match[at + 1])) as [number, number];
  const start = (from + new Date().getTimezoneOffset() + 2880) % 1440;
  return { start, minutes: (to - from + 1440) % 1440 || 1440 };
}

/** A window as it is written. */
export function hoursOf({ start, minutes }: DailyWindow): string {
  const from = (start - new Date().getTimezoneOffset() + 2880) % 1440;
  const clock = (minute: number) =>
    [Math.floor(minute / 60) % 24, minute % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return `${clock(from)}-${clock(from + minutes)}`;
}

/** What `deviceProfile` reads, for people. */
export const DEVICES = `${[...PRESETS.keys()].join(', ')}, WIDTHxHEIGHT[xDEPTH] or a JSON file`;

/** A preset's name, `WIDTHxHEIGHT[xDEPTH]`, or a JSON file with any fields of a device profile. */
export function deviceProfile(text: string): DeviceProfile {
  const preset = PRESETS.get(text);
  if (preset !== undefined) return preset;
  const screen = /^(\d{1,5})x(\d{1,5})(?:x(\d{1,2}))?$/.exec(text);
  if (screen !== null) {
    const [, width, height, depth] = screen;
    return checkedProfile({
      ...HANDHELD,
      name: text,
      screenWidth: Number(width),
      screenHeight: Number(height),
      colourDepth: Number(depth ?? HANDHELD.colourDepth),
    });
  }
  let fields: unknown;
  try {
    fields = JSON.parse(readFileSync(text, 'utf8'));
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'not JSON';
    throw new InvalidArgumentError(`Write ${DEVICES} (${why}).${suggestion(text, [...PRESETS.keys()])}`);
  }
  return checkedProfile({ ...HANDHELD, ...(fields as Partial<DeviceProfile>) });
}

function checkedProfile(profile: DeviceProfile): DeviceProfile {
  for (const [key, example] of Object.entries(HANDHELD)) {
    const value = profile[key as keyof DeviceProfile];
    const right = Array.isArray(example)
      ? Array.isArray(value) && value.every((item) => typeof item === 'string')
      : typeof value === typeof example;
    if (!right)
      throw new InvalidArgumentError(
        `'${key}' of the device profile must be like ${JSON.stringify(example)}.`,
      );
  }
  const unknown = Object.keys(profile).find((key) => !(key in HANDHELD));
  if (unknown !== undefined) throw new InvalidArgumentError(`A device profile has no '${unknown}'.`);
  const { screenWidth, screenHeight, colourDepth } = profile;
  const isSize = (value: number) => Number.isInteger(value) && value >= 1 && value <= 65_535;
  if (!isSize(screenWidth) || !isSize(screenHeight))
    throw new InvalidArgumentError('A screen has 1 to 65535 pixels a side.');
  if (!Number.isInteger(colourDepth) || colourDepth < 1 || colourDepth > 32) {
    throw new InvalidArgumentError('A screen has 1 to 32 bits a pixel.');
  }
  return profile;
}

/** Text of a file that the command can't do without. Throws FILE_UNREADABLE naming the option. */
export const textFile = (path: string, option: string): string => bytesFile(path, option).toString('utf8');

/** The private key of a public one that devices believe. Throws FILE_UNREADABLE, BAD_PEM. */
export function signingKey(path: string, option: string): KeyObject {
  const text = textFile(path, option);
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(text);
  } catch {
    // Said below: what OpenSSL says of it helps nobody.
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key ?? {};
  if (key !== undefined && (type === 'ed25519' || (type === 'ec' && details?.namedCurve === 'prime256v1')))
    return key;
  throw new DeputyError('BAD_PEM', `${option}: ${path} holds no private key of P-256 or Ed25519 in PEM`);
}

/** Roots as certificates in PEM, or the bytes of a file of roots. Throws FILE_UNREADABLE. */
export function rootsFile(path: string, option: string): string | Uint8Array {
  const bytes = bytesFile(path, option);
  return isRootList(bytes) ? bytes : String(bytes);
}

/** What a file holds. Throws FILE_UNREADABLE naming the option. */
export function bytesFile(path: string, option: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DeputyError(
      'FILE_UNREADABLE',
      `${option}: ${path} can't be read (${code}): check its path and its rights`,
    );
  }
}

/** Bytes of the records that a device asks for. */
export function recordLimit(text: string): number {
  const bytes = Number(text);
  const { least, most } = RECORD_LIMITS;
  if (Number.isInteger(bytes) && bytes >= least && bytes <= most) return bytes;
  throw new InvalidArgumentError(`Write a number of bytes from ${least} to ${most}.`);
}
