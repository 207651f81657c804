// What an observer may see of a delivery.
import type { Deliver } from '../../delegation/message.js';
import { encodeMessage } from '../../delegation/message_body.js';
import type { DeliveryFacts } from '../observer.js';

/** The facts, and the frame with zeros where the secret lay. */
export function deliveryFacts(message: Deliver): DeliveryFacts {
  const { secrets, ...rest } = message;
  const maskedFrame = encodeMessage({ ...message, secrets: new Uint8Array(secrets.length) });
  // DELIVER ends with the secrets and 32 bytes of binding.
  const secretOffset = maskedFrame.length - message.binding.length - secrets.length;
  return { ...rest, secretBytes: secrets.length, maskedFrame, secretOffset };
}
