// What an attack is: something that a peer, a client or a crowd tries, and what must come of it.
import type { AttackWorld } from './world.js';

export interface Attack {
  /** As it stands in the table. Unique. */
  name: string;
  /** The right behaviour, in a few words. */
  expected: string;
  /** Why it can't run on this machine; undefined where it can. */
  unable?: () => string | undefined;
  /** Tries it once. Rejects where it could not be tried at all, which counts as not held. */
  run(world: AttackWorld): Promise<Outcome>;
}

export interface Outcome {
  held: boolean;
  /** What happened, in a few words. */
  outcome: string;
}

export interface Result extends Outcome {
  name: string;
  expected: string;
  /** Why it was not tried. `held` is false then, and nothing is claimed. */
  skipped?: string;
}

/** Runs one attack against servers of its own. Never rejects. */
export async function tryAttack(attack: Attack, newWorld: () => Promise<AttackWorld>): Promise<Result> {
  const { name, expected } = attack;
  const skipped = attack.unable?.();
  if (skipped !== undefined) return { name, expected, held: false, outcome: 'not tried', skipped };
  const world = await newWorld();
  try {
    return { name, expected, ...(await attack.run(world)) };
  } catch (error) {
    return { name, expected, held: false, outcome: `it failed: ${(error as Error).message}` };
  } finally {
    await world.close();
  }
}
