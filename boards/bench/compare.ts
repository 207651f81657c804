// Deputy's program against its peers and against native code: the same plans, one interpreter build, one run.
import { type Candidate, type Measured, measureRow, ownCandidate, type Skipped } from './measure.js';
import type { Absent, Peer } from './peer.js';
import { findPeers, nativePeer } from './peers.js';
import { planRunner, type Runner, type Target } from './plan.js';
import type { Compared, Contestant } from './plot.js';
import type { Row } from './row.js';

const tenth = (value: number) => Math.round(10 * value) / 10;
const threeDigits = (value: number) => Number(value.toPrecision(3));

export interface Comparison {
  readonly rows: Compared[];
  readonly skipped: Skipped[];
  readonly failures: { primitive: string; size: number | null; peer: string; reason: string }[];
  readonly absent: Absent[];
}

interface Options extends Runner {
  readonly step?: ((text: string) => void) | undefined;
  readonly tunePeers?: boolean;
}

/**
 * Gives `{ rows, skipped, failures, absent }`. A row holds what `measureRow` gives, and
 * - `peer`, `ratio`: the peer that costs least and its cost over ours; above 1 we are ahead; null where nobody has it
 * - `nativeRatio`: our cost over the best native one; `nativeConstantTimeRatio`: over the best that is constant-time
 * - `peers`, `native`: all that was measured, `{ peer, variant, constantTime, instructions, ratio }`
 * `tunePeers`: see findPeers. `step` gets the row and the candidate that run now, and how far it is.
 */
export function compare(
  board: Target,
  wasm: string,
  rows: readonly Row[],
  { step, tunePeers = false, ...options }: Options = {},
): Comparison {
  // What can't be built is reported once, before anything runs.
  planRunner(board, options, wasm);
  // What others are on wasm3 says nothing of a program that was compiled: it is compared with native code alone.
  const { peers, absent } =
    options.engine === 'aot' ? { peers: [], absent: [] } : findPeers({ tuned: tunePeers });
  const natives = nativePeers(board, absent);
  const report: Comparison = { rows: [], skipped: [], failures: [], absent };
  for (const [index, row] of rows.entries()) {
    const own = ownCandidate(wasm, row);
    if ('reason' in own) {
      report.skipped.push({ primitive: row.primitive, reason: own.reason });
      continue;
    }
    const run = (name: string, candidate: Candidate, size: number | undefined) => {
      step?.(`${index + 1}/${rows.length} ${row.primitive} ${size ?? ''} ${name}`);
      try {
        return measureRow(board, row, candidate, size, options);
      } catch (error) {
        report.failures.push({
          primitive: row.primitive,
          size: size ?? null,
          peer: name,
          reason: (error as Error).message,
        });
        return undefined;
      }
    };
    for (const size of row.sizes ?? [undefined]) {
      const measured = run('Deputy', own, size);
      if (!measured) continue;
      const contest = (all: readonly Peer[]): Contestant[] =>
        all.flatMap((peer) =>
          peer.candidates(row).flatMap((candidate) => {
            const { variant, constantTime } = candidate;
            const name = variant ? `${peer.name} (${variant})` : peer.name;
            const instructions = run(name, candidate, size)?.instructions;
            if (instructions === undefined) return [];
            const ratio = threeDigits(instructions / measured.instructions);
            return [{ peer: peer.name, variant, name, constantTime, instructions, ratio }];
          }),
        );
      report.rows.push(withRatios(measured, contest(peers), contest(natives)));
    }
  }
  return report;
}

function nativePeers(board: Target, absent: Absent[]): Peer[] {
  try {
    planRunner(board, { native: true });
    return [nativePeer];
  } catch (error) {
    absent.push({ name: nativePeer.name, reason: (error as Error).message });
    return [];
  }
}

const cheapest = (all: readonly Contestant[]) =>
  all.reduce<Contestant | undefined>(
    (best, one) => (best && best.instructions <= one.instructions ? best : one),
    undefined,
  );

function withRatios(
  measured: Measured,
  peers: readonly Contestant[],
  native: readonly Contestant[],
): Compared {
  const best = cheapest(peers);
  const floor = cheapest(native);
  const steady = cheapest(native.filter(({ constantTime }) => constantTime));
  const over = (one: Contestant | undefined) =>
    one ? tenth(measured.instructions / one.instructions) : null;
  return {
    ...measured,
    peer: best?.name ?? null,
    peerConstantTime: best?.constantTime ?? null,
    ratio: best?.ratio ?? null,
    nativeRatio: over(floor),
    nativeConstantTimeRatio: over(steady),
    peers,
    native,
  };
}
