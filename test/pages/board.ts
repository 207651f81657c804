// What reading pages takes of a device, in instructions: its own client on an emulated board.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PRESETS } from '../../host/delegation/device.js';
import { transcode } from '../../host/services/transcode/index.js';
import { startProxy, TOKEN } from '../host/proxy/bench.js';
import type { Manual, ManualPage } from './manual.js';

const BOARD = 'mps2-an500';
/** Pages that are read in one visit. */
export const SAMPLE = 6;

export interface Counted {
  total: number;
  /** Without what comes before the first request: start, handshakes, delivery. */
  reading: number;
}

export interface BoardVisit {
  directly: Counted;
  delegated: Counted;
}

/** From the small pages to the large ones, evenly. */
export function sampleOf({ pages }: Manual): ManualPage[] {
  const sorted = [...pages].sort((one, other) => one.bytesWithParts - other.bytesWithParts);
  return Array.from({ length: SAMPLE }, (_, i) => sorted[Math.floor((sorted.length * (i + 0.5)) / SAMPLE)]!);
}

type Run = (args: string[]) => Promise<Counted>;

export class BoardRuns {
  #directly: Promise<Counted> | undefined;

  private constructor(
    private readonly manual: Manual,
    private readonly folder: string,
    private readonly run: Run,
  ) {}

  /** Builds the firmware. The reason where this machine can't. */
  static async prepare(manual: Manual): Promise<BoardRuns | string> {
    const { findBoard, missingTools } = await import('../../boards/parts/boards.js');
    const { buildClient } = await import('../../boards/parts/firmware.js');
    const { runMeasured } = await import('../../boards/bench/session/run.js');
    const board = await findBoard(BOARD);
    const missing = missingTools(board);
    if (missing) return missing;
    const firmware = await buildClient(board);
    return new BoardRuns(manual, await mkdtemp(join(tmpdir(), 'deputy-pages-')), async (args) => {
      const { total, steps } = await runMeasured(board, firmware, ['get', ...args]);
      const isOpen = args.includes('--direct') ? 'origin-verified' : 'active';
      const opened = steps.slice(0, steps.findIndex(({ step }) => step === isOpen) + 1);
      const sum = opened.reduce((all, { instructions }) => all + instructions, 0);
      return { total, reading: total - sum };
    });
  }

  /** The same pages directly, with all that belongs to them, and made for that preset, part by part. */
  async visit(preset: string, sample: readonly { path: string; parts: number }[]): Promise<BoardVisit> {
    const bench = await startProxy({ services: [transcode({ profile: PRESETS.get(preset)! })] });
    try {
      const roots = join(this.folder, `${preset}.pem`);
      await writeFile(roots, bench.ca);
      const parts = sample.flatMap(({ path, parts: count }) =>
        Array.from({ length: count }, (_, i) => (i === 0 ? path : `${path}?deputy.deck=${i + 1}`)),
      );
      const through = ['--proxy', `localhost:${bench.port}`, '--proxy-ca', roots, '--token', TOKEN];
      const whole = sampleOf(this.manual).flatMap((page) => [page.path, ...page.parts]);
      this.#directly ??= this.run([...this.#urls(whole), '--direct', '--ca', roots]);
      return {
        directly: await this.#directly,
        delegated: await this.run([...this.#urls(parts), '--ca', roots, ...through]),
      };
    } finally {
      await bench.close();
    }
  }

  close(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  #urls(paths: readonly string[]): string[] {
    return paths.map((path) => `https://localhost:${this.manual.origin.port}${path}`);
  }
}
