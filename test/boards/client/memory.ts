// What the client must do on a board where its memory runs out: say so and end, wherever that is.
import { expect, test } from 'vitest';
import { firmware } from './firmware.js';
import { setting } from './setting.js';

/** Declares a test for each of these sizes: kibibytes of RAM in all. Call it inside of a describe block. */
export function runsOutOfMemory(board: string, sizes: readonly number[]): void {
  const here = setting();
  test.each(sizes)('says so and ends, of %i KiB in all', { timeout: 120_000 }, async (ram) => {
    const small = await firmware(board, { ram: ram * 1024 });
    const [origin, proxy] = [
      await here.world.origin((_, response) => response.end('x'.repeat(200_000))),
      await here.world.proxy(),
    ];
    const { status, said } = await small.firmware!.run([
      ...['get', `${origin.url}/`, ...here.admit(proxy), '--timeout', '20'],
    ]);
    expect(status).toBe(1);
    expect(said).toMatch(/^deputy: .*memory/m);
  });
}
