// A delivery is good on the main session that it was made for, and on no other.
import type { TLSSocket } from 'node:tls';
import {
  DELIVERY_BINDING_BYTES,
  DELIVERY_BINDING_LABEL,
  deliveryBindingContext,
  sameBinding,
} from '../../delegation/delivery.js';
import type { Deliver } from '../../delegation/message.js';
import { SessionError } from '../error.js';

/** Throws BAD_BINDING. */
export function checkBinding({ sessionId, clientRandom, binding }: Deliver, socket: TLSSocket): void {
  const context = Buffer.from(deliveryBindingContext(sessionId, clientRandom));
  const own = socket.exportKeyingMaterial(DELIVERY_BINDING_BYTES, DELIVERY_BINDING_LABEL, context);
  if (!sameBinding(own, binding)) {
    throw new SessionError('BAD_BINDING', 'the delivery was not made for this main session');
  }
}
