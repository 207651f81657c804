// What a board takes of its memory at its peak, by a run of what it is for.

import sharp from 'sharp';
import { Version } from '../../host/tls/numbers.js';
import { suiteNumber } from '../../host/tls/suites.js';
import { Plan, runPlan } from '../bench/plan.js';
import { measured, runMeasured } from '../bench/session/run.js';
import { startWorld } from '../bench/session/world.js';
import type { Board } from './boards.js';
import { programFile } from './firmware.js';
import { browseOnce } from './screen.js';

/** What takes most: circuits for both directions, and a hash. */
const MOST = { suite: suiteNumber('TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384'), version: Version.Tls12 };
const RECORD = 16_384;

/**
 * Starts what the peaks are measured against. `client(board, firmware)` resolves with the bytes of heap that a page took of
 * which two origins have a part each: a main session and two conduits, and the screen where there is one.
 */
export async function startPeaks() {
  const world = await startWorld();
  const url = await servePage(world).catch(async (error) => {
    await world.stop();
    throw error;
  });
  return {
    async client(board: Board, firmware: string) {
      const args = [url, ...world.delegated];
      const { steps, heap } = board.screen
        ? await browsed(board, firmware, ['browse', ...args, '--measure'])
        : await runMeasured(board, firmware, ['get', ...args]);
      const conduits = steps.filter(({ step }) => step === 'conduit-open').length;
      if (conduits !== 2)
        throw new Error(`${board.name} opened ${conduits} conduits for a page of two origins`);
      return heap;
    },
    stop: () => world.stop(),
  };
}

async function servePage(world: Awaited<ReturnType<typeof startWorld>>): Promise<string> {
  const picture = sharp({ create: { width: 400, height: 300, channels: 3, background: '#27c' } });
  const pictures = await world.serve({
    '/a.png': { type: 'image/png', body: await picture.png().toBuffer() },
  });
  const body = `<!DOCTYPE html><h1>Peak</h1>${'<p>Some text.'.repeat(200)}<img src="${pictures}/a.png" alt="">`;
  return `${await world.serve({ '/page.html': { type: 'text/html', body } })}/page.html`;
}

async function browsed(board: Board, firmware: string, args: readonly string[]) {
  const { status, said } = await browseOnce(board, firmware, args, async () => {});
  if (status !== 0) throw new Error(`${board.name} ended with status ${status}: ${said}`);
  return measured(said);
}

/** Bytes of heap that the board's own program takes to seal and to open a record of 16 KiB. */
export function programPeak(
  board: Board,
  { suite, version }: { suite: number; version: number } = MOST,
): number {
  const plan = new Plan().program(programFile(board));
  const [key, iv, mac] = [plan.filled(32, 1), plan.filled(16, 2), plan.filled(48, 3)] as const;
  const record = plan.filled(48 + RECORD + 80, 4);
  const stateOf = (seals: 0 | 1) => {
    const state = plan.room(1648);
    plan.call('protectionInit', state, suite, version, key, iv, mac, seals);
    return state;
  };
  const [sealing, opening] = [stateOf(1), stateOf(0)];
  const sealed = plan.kept('sealRecord', sealing, 23, record, RECORD);
  plan.call('openRecord', opening, record, sealed).expect(RECORD);
  let peak = 0;
  plan.memory((_, heap) => {
    peak = heap;
  });
  runPlan(board, plan);
  return peak;
}
