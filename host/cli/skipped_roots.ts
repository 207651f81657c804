// Tells the person which roots of a bundle the device can't use, once.
import type { Observer, Step } from '../client/observer.js';

/** What the options that name the roots are called. */
const OPTIONS = { main: '--proxy-ca', conduit: '--proxy-ca', origin: '--ca' } as const;
/** Reasons told in full; a system's bundle may have more. */
const TOLD = 3;

/** Passes everything on to `next`. Says nothing of roots `ofSystem`: the person did not choose them. */
export class SkippedRoots implements Observer {
  constructor(
    private readonly next: Observer | undefined,
    private readonly write: (text: string) => void = (text) => process.stderr.write(text),
    private readonly ofSystem = false,
  ) {}

  onStep(step: Step): void {
    this.next?.onStep?.(step);
    if (step.step !== 'roots-skipped' || (this.ofSystem && step.kind === 'origin')) return;
    const more = step.reasons.length - TOLD;
    const reasons = step.reasons.slice(0, TOLD).join('\n  ');
    const rest = more > 0 ? `\n  and ${more} more` : '';
    this.write(`deputy: ${OPTIONS[step.kind]}: skipped\n  ${reasons}${rest}\n`);
  }

  onWire: NonNullable<Observer['onWire']> = (...event) => this.next?.onWire?.(...event);
}
