// The numbers of TLS on the wire. The device program holds the one table of them; the host reads that same table.
export { Alert } from '../../assembly/alert.js';
export {
  ContentType,
  ExtensionType,
  HandshakeType,
  SignatureScheme,
  Version,
} from '../../assembly/handshake/protocol.js';
