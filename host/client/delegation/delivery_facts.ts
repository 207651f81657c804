// What an observer may see of a delivery.
import type { Deliver } from '../../delegation/message.js';
import { encodeMessage } from '../../delegation/message_body.js';
import type { DeliveryFacts } from '../observer.js';

/** The facts, and the frame with zeros where the secrets lay. */
export function deliveryFacts(message: Deliver): DeliveryFacts {
  const { secrets, handshakeSecrets, ...rest } = message;
  const secretBytes = secrets.length;
  const handshakeSecretBytes = handshakeSecrets.length;
  const maskedFrame = encodeMessage({
    ...message,
    secrets: new Uint8Array(secretBytes),
    handshakeSecrets: new Uint8Array(handshakeSecretBytes),
  });
  // DELIVER ends with the secrets, those of the handshake behind their length, the commitments, and 32 bytes of binding.
  const behind = 1 + handshakeSecretBytes + 1 + 32 * message.commitments.length + message.binding.length;
  const secretOffset = maskedFrame.length - behind - secretBytes;
  return { ...rest, secretBytes, handshakeSecretBytes, maskedFrame, secretOffset };
}
