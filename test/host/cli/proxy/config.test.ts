// The configuration file: read like the flags, wrong values told by line and column, nothing secret repeated.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configSchema, parseConfig, printConfig } from '../../../../host/cli/proxy/config.js';
import { DEFAULTS, ENTRIES } from '../../../../host/cli/proxy/options.js';
import { effectiveOptions, proxyCommand } from '../../../../host/cli/proxy.js';
import { DeputyError } from '../../../../host/delegation/error.js';

const EVERYTHING = `
listen: "[::1]:0"          # port 0 takes a free one
cert: chain.pem
key: /etc/deputy/key.pem
token-file: tokens
allow-target: 127.0.0.0/8
deny-target: [10.0.0.1, bad.example]
resolve: { WWW.example: 192.0.2.1 }
allow-port: [443, any]
service: [transcode, ./shout.mjs, compress]
device: 320x240x8
filter: [ads.txt]
cache: disk:kept
cache-bytes: 64M
cache-entries: 10
cache-share: false
hold-time: 2.5
undelivered: close
require-delegation: true
legacy: true
max-sessions: 9
log-level: warn
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deputy-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function effective(text: string, ...flags: string[]) {
  const file = join(folder, 'proxy.yaml');
  await writeFile(file, text);
  const command = proxyCommand()
    .exitOverride()
    .configureOutput({ writeErr() {} });
  command.action(() => {});
  return effectiveOptions(command.parse(['--config', file, ...flags], { from: 'user' }));
}

function wrongIn(text: string): string[] {
  try {
    parseConfig(text, '/etc/deputy/proxy.yaml');
  } catch (error) {
    expect(error).toMatchObject({ name: 'DeputyError', code: 'BAD_CONFIG' });
    return (error as Error).message.split('\n');
  }
  return [];
}

describe('a configuration file', () => {
  test('says all that flags can say, with paths from its own folder', () => {
    expect(parseConfig(EVERYTHING, '/etc/deputy/proxy.yaml')).toMatchObject({
      listen: { host: '::1', port: 0 },
      cert: '/etc/deputy/chain.pem',
      key: '/etc/deputy/key.pem',
      tokenFile: '/etc/deputy/tokens',
      allowTarget: ['127.0.0.0/8'],
      denyTarget: ['10.0.0.1', 'bad.example'],
      resolve: { 'www.example': '192.0.2.1' },
      allowPort: [443, 'any'],
      service: ['transcode', '/etc/deputy/shout.mjs', 'compress'],
      device: { screenWidth: 320, screenHeight: 240, colourDepth: 8 },
      filter: ['/etc/deputy/ads.txt'],
      cache: 'disk:/etc/deputy/kept',
      cacheBytes: 64 << 20,
      cacheEntries: 10,
      cacheShare: false,
      holdTime: 2500,
      undelivered: 'close',
      requireDelegation: true,
      legacy: true,
      maxSessions: 9,
      logLevel: 'warn',
    });
  });

  test('may be JSON', () => {
    const text = JSON.stringify(parse(EVERYTHING));
    expect(parseConfig(text, '/x/y')).toEqual(parseConfig(EVERYTHING, '/x/y'));
  });

  test('stands over the defaults and under the flags', async () => {
    const options = await effective(
      EVERYTHING,
      '--listen',
      '127.0.0.1:1',
      '--log-level',
      'info',
      '--service',
      'compress',
    );
    expect(options).toMatchObject({
      listen: { host: '127.0.0.1', port: 1 },
      logLevel: 'info',
      service: ['compress'],
      undelivered: 'close',
      maxSessions: 9,
    });
    expect(await effective('')).toEqual(DEFAULTS);
  });

  test.each<[string, string, string]>([
    [
      'a key with a wrong letter',
      'listen: 1.2.3.4:5\ntokenfile: x',
      ":2:1: there is no key 'tokenfile': did you mean 'token-file'?",
    ],
    ['a key like none', 'x: 1', ":1:1: there is no key 'x': keys are listen, node, cert,"],
    [
      'a value not of the list',
      'log-level: warm',
      ":1:12: log-level must be one of debug, info, warn, error, silent: did you mean 'warn'?",
    ],
    ['a type', 'legacy: perhaps', ':1:9: legacy must be true or false'],
    ['a type in a list', 'filter:\n  - a\n  - 7', ':3:5: filter[2] must be a text'],
    ['a number out of range', 'max-sessions: 0', ':1:15: max-sessions must be >= 1'],
    ['a form', 'cache-bytes: lots', ':1:14: cache-bytes is empty or of the wrong form: write it like 64M'],
    ['a meaning', 'service:\n- transcode\n- shout', ':3:3: service[2]: Choose one of transcode, compress'],
    ['a meaning in a mapping', 'resolve:\n  a: here', ':2:6: resolve.a: Write an IP address.'],
    ['no value', 'cert:', ':1:6: cert must be a text'],
    ['a key twice', 'cert: a\ncert: b', ':2:1: Map keys must be unique'],
    ['no YAML', 'cert: [a', ':1:'],
    ['no mapping', '- cert', ':1:1: the configuration must be a mapping'],
  ])('with %s wrong is refused by line and column', (_, text, message) => {
    const [first] = wrongIn(text);
    expect(first).toContain(`/etc/deputy/proxy.yaml${message}`);
  });

  test('tells all errors at once, in order', () => {
    const lines = wrongIn('legacy: 7\nnonsense: 1\ncert: [x]\n');
    expect(lines.map((line) => /:(\d+):\d+:/.exec(line)?.[1])).toEqual(['1', '2', '3']);
  });

  test('never repeats a value: it may be a secret in the wrong place', () => {
    const secret = 'hunter2-hunter2';
    for (const [name] of ENTRIES) {
      for (const text of [
        `${name}: ${secret}`,
        `${name}: [[${secret}]]`,
        `${name}: {${secret}: ${secret}}`,
      ]) {
        // A key is told, for it is where the error is.
        const values = wrongIn(text)
          .join('\n')
          .replaceAll(`no key '${secret}'`, '')
          .replaceAll(`${name}.${secret}`, '');
        expect(values).not.toContain(secret);
      }
    }
  });

  test('is read or refused, whatever it holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), (text) => {
        try {
          parseConfig(text, 'f');
        } catch (error) {
          expect(error).toBeInstanceOf(DeputyError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('what is printed', () => {
  test('reads back as the same options', async () => {
    const options = await effective(EVERYTHING, '--cache', 'memory');
    expect({ ...DEFAULTS, ...parseConfig(printConfig(options), '/x/y') }).toEqual({
      ...options,
      device: expect.objectContaining({ screenWidth: 320 }),
    });
  });

  test('shows no password', async () => {
    const printed = printConfig(await effective('cache: redis://user:hunter2@127.0.0.1:6379/'));
    expect(printed).toContain('redis://[redacted]@127.0.0.1:6379/');
    expect(printed).not.toContain('hunter2');
  });

  test('the schema is one that knows each flag, and takes what the reader takes', () => {
    const schema = configSchema();
    const flags = proxyCommand().options.map(({ long }) => long!.replace(/^--(no-)?/, ''));
    const own = ['config', 'check-config', 'print-config', 'print-schema'];
    expect(Object.keys(schema.properties as object)).toEqual(
      expect.arrayContaining(flags.filter((flag) => !own.includes(flag))),
    );
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);
    expect(validate(parse(EVERYTHING))).toBe(true);
    expect(validate({ nonsense: 1 })).toBe(false);
  });
});
