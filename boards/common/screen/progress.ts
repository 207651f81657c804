// What the client is doing, in a line for its user.
import type { Step } from '../../../host/client/observer.js';
import { authority } from '../../../host/delegation/origin.js';

/** Undefined for a step that nobody waits for. */
export function progressOf(step: Step): string | undefined {
  switch (step.step) {
    case 'main-session-open':
      return `main session with ${step.host}`;
    case 'conduit-open':
      return `conduit for ${place(step.origin)}`;
    case 'tunnel-open':
      return `handshake with ${place(step.origin)}`;
    case 'origin-verified':
      return `${place(step.origin)} verified`;
    case 'delivered':
      return `${place(step.origin)} delivered to the proxy`;
    case 'undelegated':
      return `${place(step.origin)} end to end, not delegated`;
    case 'request-sent':
      return `waiting for ${place(step.origin)}`;
    case 'tunnel-asked':
      return `the proxy asks for ${place(step.tunnel)}`;
    case 'tunnel-denied':
      return `${place(step.tunnel)} refused`;
    default:
      return undefined;
  }
}

const place = ({ host, port }: { host: string; port: number }) => authority(host, port);
