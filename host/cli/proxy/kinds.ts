// Kinds of values: as the text of a flag, as they stand in a configuration file, and the JSON schema of the latter.
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { DeviceProfile } from '../../delegation/device.js';
import { authority, parseOriginPattern } from '../../delegation/origin.js';
import type { DailyWindow } from '../../delegation/subscription.js';
import { isSecretHeader } from '../../services/audit/redaction.js';
import { DEVICES, dailyWindow, deviceProfile, hoursOf, seconds } from '../arguments.js';
import { byteCount, cacheStore, isFile, serviceName } from '../services.js';
import { suggestion } from '../suggestion.js';

/** A JSON schema, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Kind<T> {
  /** What stands in a file. */
  schema: Schema;
  /**
   * From a flag, or from a scalar of a file; names of files there are relative to `folder`. Throws
   * InvalidArgumentError.
   */
  parse(text: string, folder?: string): T;
  /** As it would stand in a file; secrets blotted out. The value itself unless told. */
  show?(value: T): unknown;
  choices?: readonly string[];
}

const text = (more: Schema = {}): Schema => ({ type: 'string', minLength: 1, ...more });

const located = (name: string, folder: string | undefined): string =>
  folder === undefined ? name : resolve(folder, name);

/** A file, named by its path. */
export const file: Kind<string> = { schema: text(), parse: located };

/** Where to listen; port 0 takes a free one. */
export const listenAddress: Kind<{ host: string; port: number }> = {
  schema: text({ examples: ['127.0.0.1:8443', '[::]:8443'] }),
  parse(text) {
    const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
    const port = Number(match?.[3]);
    if (match === null || port > 65_535)
      throw new InvalidArgumentError('Write HOST:PORT, or [ADDRESS]:PORT for IPv6.');
    return { host: match[1] ?? match[2]!, port };
  },
  show: ({ host, port }) => authority(host, port),
};

/** A host, an address or a block of them. */
export const target: Kind<string> = {
  schema: text({ examples: ['intranet.example', '192.0.2.7', '10.0.0.0/8'] }),
  parse(text) {
    const [address = '', prefix] = text.split('/');
    const bits = isIP(address) === 6 ? 128 : 32;
    const isBlock = isIP(address) !== 0 && /^\d{1,3}$/.test(prefix ?? '') && Number(prefix) <= bits;
    const isHost = prefix === undefined && /^[^\s:]+$/.test(text);
    if (!isBlock && !isHost && isIP(text) === 0)
      throw new InvalidArgumentError('Write a host, an address, or a block as 10.0.0.0/8.');
    return text;
  },
};

/** A host, `host:port`, `*.domain` or `*`. */
export const originPattern: Kind<string> = {
  schema: text({ examples: ['mail.example:465', '*.example'] }),
  parse(text) {
    if (parseOriginPattern(text) === undefined) {
      throw new InvalidArgumentError('Write a host, host:port, *.domain or *.');
    }
    return text;
  },
};

export const port: Kind<'any' | number> = {
  schema: { type: ['integer', 'string'], minimum: 1, maximum: 65_535, pattern: '^any$' },
  parse: (text) => (text === 'any' ? text : wholeNumber(65_535).parse(text)),
};

export function wholeNumber(most: number = Number.MAX_SAFE_INTEGER): Kind<number> {
  return {
    schema: { type: 'integer', minimum: 1, maximum: most },
    parse(text) {
      const value = Number(text);
      if (!Number.isInteger(value) || value < 1 || value > most)
        throw new InvalidArgumentError(`Write a whole number from 1 to ${most}.`);
      return value;
    },
  };
}

/** A number above 0, as for a rate. */
export const rate: Kind<number> = {
  schema: { type: 'number', exclusiveMinimum: 0, maximum: 1e9 },
  parse(text) {
    const value = Number(text);
    if (!(value > 0 && value <= 1e9)) throw new InvalidArgumentError('Write a number above 0.');
    return value;
  },
};

/** Seconds, kept as milliseconds. */
export const duration: Kind<number> = {
  schema: { type: 'number', exclusiveMinimum: 0, maximum: 86_400 },
  parse: seconds,
  show: (milliseconds) => milliseconds / 1000,
};

export const bytes: Kind<number> = {
  schema: { type: ['integer', 'string'], minimum: 1, pattern: '^[0-9]{1,12}[KMGkmg]?$', examples: ['64M'] },
  parse: (text) => byteCount(text),
};

export const service: Kind<string> = {
  schema: text({ examples: ['transcode', 'compress', 'render', './my-service.js'] }),
  parse: (text, folder) => (isFile(text) ? located(text, folder) : serviceName(text)),
};

export const device: Kind<DeviceProfile> = {
  schema: text({ description: DEVICES }),
  parse: (text, folder) => deviceProfile(text.endsWith('.json') ? located(text, folder) : text),
  show: ({ name }) => name,
};

/** Hours of a day. */
export const window: Kind<DailyWindow> = {
  schema: text({ pattern: '^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$', examples: ['01:00-05:00'] }),
  parse: (text) => dailyWindow(text),
  show: hoursOf,
};

export const store: Kind<string> = {
  schema: text({ examples: ['memory', 'disk:/var/cache/deputy', 'redis://127.0.0.1:6379'] }),
  parse(text, folder) {
    const directory = /^disk:(.+)$/s.exec(text)?.[1];
    return cacheStore(directory === undefined ? text : `disk:${located(directory, folder)}`);
  },
  show: (text) => text.replace(/^(\w+:\/\/)[^@/]*@/, '$1[redacted]@'),
};

export function oneOf<T extends string>(...choices: readonly T[]): Kind<T> {
  return {
    schema: { type: 'string', enum: choices },
    choices,
    parse(text) {
      if (choices.includes(text as T)) return text as T;
      throw new InvalidArgumentError(`Choose one of ${choices.join(', ')}.${suggestion(text, choices)}`);
    },
  };
}

/** Of a header that may be logged. */
export const headerName: Kind<string> = {
  schema: text({ examples: ['Referer'] }),
  parse(text) {
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text))
      throw new InvalidArgumentError('Write the name of a header.');
    if (isSecretHeader(text)) throw new InvalidArgumentError('What it holds is a secret, and never logged.');
    return text;
  },
};

export const hostName: Kind<string> = {
  schema: text({ examples: ['bank.example'] }),
  parse(text) {
    if (!/^[\w-]+(?:\.[\w-]+)*$/.test(text) && isIP(text) === 0)
      throw new InvalidArgumentError('Write the name of a host.');
    return text.toLowerCase();
  },
};

export const ipAddress: Kind<string> = {
  schema: text({ examples: ['192.0.2.7'] }),
  parse(text) {
    if (isIP(text) === 0) throw new InvalidArgumentError('Write an IP address.');
    return text;
  },
};
