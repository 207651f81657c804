// What the client must do on a board whose network is bad: go on where that is possible, and end where it is not.
import { expect, test } from 'vitest';
import type { Firmware } from './firmware.js';
import { setting } from './setting.js';

const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 37 + (i >> 8)) & 255));
const PAGE = bytes(40_000);
/** More than the packets of any cut can hold, full as they may be. */
const LONG = bytes(300_000);
const SLOW = 110_000;

// They wait more than they work, so they wait together.

/** Declares the tests. Call it inside of a describe block. */
export function endures({ run }: Firmware): void {
  const here = setting();
  const get = async (body: Buffer) => {
    const [origin, proxy] = [
      await here.world.origin((_, response) => response.end(body)),
      await here.world.proxy({ limits: { greetingTimeout: SLOW } }),
    ];
    return ['get', `${origin.url}/`, ...here.admit(proxy)];
  };

  test.concurrent.each([
    ['loses every twelfth packet', { loss: 8 }],
    ['delays packets so that they overtake each other', { delay: 120 }],
    ['does both', { loss: 4, delay: 60, seed: 2 }],
  ])(
    'the page is whole where the network %s',
    async (_, impairment) => {
      const { status, page, said } = await run(await get(PAGE), { impairment });
      expect({ status, said }).toEqual({ status: 0, said: '' });
      expect(page.equals(PAGE)).toBe(true);
    },
    SLOW,
  );

  test.concurrent.each([
    // Before the first connection, in the handshake with the proxy, in that with the origin, in the page.
    [0, { loss: 100 }],
    [12, { cut: 12 }],
    [40, { cut: 40 }],
    [90, { cut: 90 }],
  ])(
    'it says so and ends where nothing passes after %i packets',
    async (_, impairment) => {
      const { status, page, said } = await run([...(await get(LONG)), '--timeout', '5'], { impairment });
      expect(status).toBe(1);
      expect(page.length).toBeLessThan(LONG.length);
      expect(said).toMatch(/^deputy: (no network: no address came by DHCP|.*\([A-Z_]+\)$)/m);
    },
    SLOW,
  );
}
