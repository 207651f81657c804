// Tells an exchange while it happens: who says what to whom, and what the bytes mean.
import type { Direction, Link, Observer, Step, TlsFacts } from '../../client/observer.js';
import { FrameType } from '../../delegation/frame.js';
import { grantName } from '../../delegation/grant.js';
import { authority } from '../../delegation/origin.js';
import { suiteName, versionName } from '../../tls/names.js';
import { explainDelivery } from './delivery.js';
import { printLines } from './line.js';
import { RecordTracer } from './records.js';

/** Sealed records in a row that are shown one by one; the rest is counted. */
const SEALED_SHOWN = 2;

const LINKS: Readonly<Record<Link['kind'], string>> = {
  main: 'main session',
  conduit: 'conduit',
  origin: 'session with the origin',
};

/** Observes a client and writes its explanations as lines of text. */
export class Tracer implements Observer {
  readonly #write: (text: string) => void;
  readonly #tracers = new WeakMap<Link, Record<Direction, RecordTracer>>();
  #run: { tracer: RecordTracer; title: string; records: number; bytes: number } | undefined;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  onWire(link: Link, direction: Direction, bytes: Uint8Array): void {
    const both = this.#tracers.get(link) ?? { sent: new RecordTracer(), received: new RecordTracer() };
    this.#tracers.set(link, both);
    const tracer = both[direction];
    const arrow = direction === 'sent' ? '→' : '←';
    const title = `${arrow} ${LINKS[link.kind]} ${link.name}${link.leadsTo ? ` to ${link.leadsTo}` : ''}`;
    for (const record of tracer.push(bytes)) {
      if (record.sealed && this.#countsAsMore(tracer, title, record.length)) continue;
      if (!record.sealed) this.#endRun();
      this.#write(`\n${title}\n${printLines(record.lines)}`);
    }
  }

  onStep(step: Step): void {
    const text = describeStep(step);
    if (text === undefined) return;
    this.#endRun();
    this.#write(`\n* ${text}\n`);
    if (step.step === 'delivered') this.#write(printLines(explainDelivery(step.delivery)));
  }

  /** Ends what is being counted. */
  end(): void {
    this.#endRun();
  }

  #countsAsMore(tracer: RecordTracer, title: string, length: number): boolean {
    if (this.#run?.tracer !== tracer) {
      this.#endRun();
      this.#run = { tracer, title, records: 0, bytes: 0 };
    }
    this.#run.records++;
    if (this.#run.records <= SEALED_SHOWN) return false;
    this.#run.bytes += length;
    return true;
  }

  #endRun(): void {
    const run = this.#run;
    this.#run = undefined;
    if (run === undefined || run.records <= SEALED_SHOWN) return;
    this.#write(
      `\n${run.title}\n  … and ${run.records - SEALED_SHOWN} more sealed records, ${run.bytes} bytes\n`,
    );
  }
}

const tls = (facts: TlsFacts) =>
  `${versionName(facts.version)}, ${suiteName(facts.cipherSuite)}${facts.resumed ? ', resumed' : ''}`;

/** One sentence about a step; undefined for steps that the bytes show well enough. */
export function describeStep(step: Step): string | undefined {
  const origin = 'origin' in step ? authority(step.origin.host, step.origin.port) : '';
  switch (step.step) {
    case 'roots-skipped':
      return `Roots that this device can’t use are skipped: ${step.reasons.length}.`;
    case 'main-session-open':
      return `The main session is open and the proxy's certificate verified (${tls(step.tls)}).`;
    case 'welcome':
      return `The proxy greets. Services: ${step.welcome.services.join(', ') || 'none'}.`;
    case 'conduit-open':
      return step.stream === undefined
        ? `A conduit for ${origin} is open (${tls(step.tls)}).`
        : `A conduit for ${origin} is open (stream ${step.stream} of the main session).`;
    case 'tunnel-open':
      return step.sessionId === undefined
        ? `The proxy opened a blind tunnel to ${origin}.`
        : `The proxy opened a tunnel to ${origin} and named the session ${step.sessionId}.`;
    case 'origin-verified':
      return `${origin} is verified by this device: ${tls(step.tls)}.`;
    case 'delivered':
      return `The secret of ${origin} is delivered over the main session, grant '${grantName(step.grant)}':`;
    case 'active':
      return `The proxy is active: ${step.active.originRecords} records of ${origin} came before the change.`;
    case 'undelegated':
      return `${origin} goes on end to end, without the proxy: ${step.reason}.`;
    case 'request-sent':
      return `${step.method} ${step.path} to ${origin}${step.reused ? ', on a session that was open' : ''}.`;
    case 'response':
      return `${origin} answers ${step.status}.`;
    case 'response-end':
      return `The response of ${origin} has ended: ${step.bytes} bytes.`;
    case 'tunnel-asked':
      return (
        `The proxy asks for ${authority(step.tunnel.host, step.tunnel.port)}` +
        `${step.tunnel.reason ? ` (${step.tunnel.reason})` : ''}.`
      );
    case 'tunnel-granted':
      return `${authority(step.tunnel.host, step.tunnel.port)} is granted as session ${step.sessionId}.`;
    case 'tunnel-denied':
      return `${authority(step.tunnel.host, step.tunnel.port)} is denied: ${step.reason}.`;
    case 'cipher-changed':
      return `The cipher state of session ${step.message.sessionId} moved on.`;
    case 'receipt':
      return (
        `Receipt: ${step.message.services.join(', ') || 'nothing'} done to response ${step.message.response}, ` +
        `${step.message.bytesBefore} bytes became ${step.message.bytesAfter}.`
      );
    case 'receipt-fault':
      return `The receipts of session ${step.sessionId} do not fit: ${step.reason}.`;
    case 'session-error':
      return `The proxy reports ${step.message.code}: ${step.message.text}`;
    case 'session-closed':
      return `The proxy closed session ${step.message.sessionId}.`;
    case 'frame':
      return `Frame ${FrameType[step.type]} ${step.direction}, ${step.length} bytes.`;
  }
}
