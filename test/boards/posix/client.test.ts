import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { World } from '../../host/client/world.js';
import { firmware, Papers, through } from '../client/firmware.js';

/** What a system has to offer, by the units of functionality of IEEE 1003.13 that make PSE52; the last is beside them. */
const UNITS: Record<string, readonly string[]> = {
  C_LANG_SUPPORT: [
    ...[
      'abort',
      'calloc',
      'exit',
      'free',
      'malloc',
      'memchr',
      'memcmp',
      'memcpy',
      'memmove',
      'memset',
      'realloc',
    ],
    ...['snprintf', 'strchr', 'strcmp', 'strerror', 'strlen', 'strrchr', 'vsnprintf'],
  ],
  C_LANG_MATH: [
    ...[
      'acos',
      'acosh',
      'asin',
      'asinh',
      'atan',
      'atan2',
      'atanh',
      'cbrt',
      'cos',
      'cosh',
      'exp',
      'expm1',
      'fabs',
    ],
    ...[
      'ceil',
      'floor',
      'fmax',
      'fmin',
      'fmod',
      'hypot',
      'log',
      'log10',
      'log1p',
      'log2',
      'lrint',
      'pow',
      'sin',
      'sinh',
    ],
    ...['sqrt', 'sqrtf', 'tan', 'tanh', 'trunc'],
  ],
  DEVICE_IO: ['close', 'fclose', 'fopen', 'fread', 'fseek', 'ftell', 'open', 'read', 'select', 'write'],
  FD_MGMT: ['fcntl'],
  SIGNALS: ['signal'],
  TIMERS: ['clock_gettime', 'gettimeofday'],
  NETWORKING: [
    ...[
      'connect',
      'freeaddrinfo',
      'gai_strerror',
      'getaddrinfo',
      'getsockopt',
      'recv',
      'send',
      'setsockopt',
      'socket',
    ],
  ],
};

/** glibc's own beginning and end of a program, and its names for what stands above. */
const GLIBC =
  /^(__libc_start_main|__cxa_finalize|__gmon_start__|_ITM_\w+|__errno_location|newScreen|newStorage|__stack_chk_fail)$/;
const RENAMED: Record<string, string> = { __sysv_signal: 'signal', __bsd_signal: 'signal' };

const posix = await firmware('posix');

describe.skipIf(posix.reason)(
  `the client by POSIX.1-2001${posix.reason ? ` (skipped: ${posix.reason})` : ''}`,
  () => {
    const papers = new Papers();
    afterAll(() => papers.remove());

    test('calls nothing of the system but what PSE52 with sockets offers', () => {
      const { stdout } = spawnSync('nm', ['-D', '--undefined-only', posix.firmware!.file], {
        encoding: 'utf8',
      });
      const called = [...stdout.matchAll(/ [Uw] (\w+)/g)].map(([, name]) => RENAMED[name!] ?? name!);
      expect(called.length).toBeGreaterThan(50);
      const offered = new Set(Object.values(UNITS).flat());
      expect(called.filter((name) => !offered.has(name) && !GLIBC.test(name))).toEqual([]);
    });

    test('fetches a page and a large file through a delegated session', { timeout: 60_000 }, async () => {
      const world = await World.create();
      try {
        const large = 'a line of a large file\n'.repeat(10_000);
        const origin = await world.origin(({ url }, response) =>
          response.end(url === '/large' ? large : 'page\n'),
        );
        const proxy = await world.proxy();
        const roots = papers.write('roots.pem', world.authority.root.pem);
        const urls = [`${origin.url}/page`, `${origin.url}/large`];
        const { status, page } = await posix.firmware!.run(['get', ...urls, ...through(proxy, roots, roots)]);
        expect({ status, page: page.toString() }).toEqual({ status: 0, page: `page\n${large}` });
      } finally {
        await world.close();
      }
    });
  },
);
