// Orders are signed by Node's crypto, and verified by the engine of the device (TlsEngine.verifyMessage).
import { type KeyObject, sign } from 'node:crypto';
import { encodeOrder, type Order, type SignedOrder } from '../../delegation/order.js';

/** `key`: P-256, with SHA-256 then, or Ed25519. Throws ProtocolError for an order that has no encoding. */
export function signOrder(order: Order, key: KeyObject): SignedOrder {
  const bytes = encodeOrder(order);
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return { order: bytes, signature: new Uint8Array(sign(hash, bytes, key)) };
}
