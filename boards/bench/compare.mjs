// Deputy's program against its peers and against native code: the same plans, one interpreter build, one run.
import { measureRow, ownCandidate } from './measure.mjs';
import { findPeers, nativePeer } from './peers.mjs';
import { planRunner } from './plan.mjs';

const tenth = (value) => Math.round(10 * value) / 10;
const threeDigits = (value) => Number(value.toPrecision(3));

/**
 * Gives `{ rows, skipped, failures, absent }`. A row holds what `measureRow` gives, and
 * - `peer`, `ratio`: the peer that costs least and its cost over ours; above 1 we are ahead; null where nobody has it
 * - `nativeRatio`: our cost over the best native one; `nativeConstantTimeRatio`: over the best that is constant-time
 * - `peers`, `native`: all that was measured, `{ peer, variant, constantTime, instructions, ratio }`
 * `tunePeers`: see findPeers. `step` is told the row and the candidate that run now, and how far it is.
 */
export function compare(board, wasm, rows, { step, tunePeers = false, ...options } = {}) {
  // Whatever can't be built is told once, before anything runs.
  planRunner(board, options);
  const { peers, absent } = findPeers({ tuned: tunePeers });
  const natives = nativePeers(board, absent);
  const report = { rows: [], skipped: [], failures: [], absent };
  for (const [index, row] of rows.entries()) {
    const own = ownCandidate(wasm, row);
    if (own.reason) {
      report.skipped.push({ primitive: row.primitive, reason: own.reason });
      continue;
    }
    const run = (name, candidate, size) => {
      step?.(`${index + 1}/${rows.length} ${row.primitive} ${size ?? ''} ${name}`);
      try {
        return measureRow(board, row, candidate, size, options);
      } catch (error) {
        report.failures.push({
          primitive: row.primitive,
          size: size ?? null,
          peer: name,
          reason: error.message,
        });
        return undefined;
      }
    };
    for (const size of row.sizes ?? [undefined]) {
      const measured = run('Deputy', own, size);
      if (!measured) continue;
      const contest = (all) =>
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

function nativePeers(board, absent) {
  try {
    planRunner(board, { native: true });
    return [nativePeer];
  } catch (error) {
    absent.push({ name: nativePeer.name, reason: error.message });
    return [];
  }
}

const cheapest = (all) =>
  all.reduce((best, one) => (best?.instructions <= one.instructions ? best : one), undefined);

function withRatios(measured, peers, native) {
  const best = cheapest(peers);
  const floor = cheapest(native);
  const steady = cheapest(native.filter(({ constantTime }) => constantTime));
  const over = (one) => (one ? tenth(measured.instructions / one.instructions) : null);
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
