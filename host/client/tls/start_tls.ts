// The words before TLS, said by the client itself: for origins that it reaches without a proxy.

import { DeputyError } from '../../delegation/error.js';
import { StartTlsDialogue, type StartTlsProtocol } from '../../delegation/start_tls.js';
import { encodeUtf8 } from '../../delegation/text.js';
import type { Transport } from '../../platform/platform.js';

/** Throws DeputyError START_TLS_FAILED; the transport is then closed. */
export async function startTls(transport: Transport, protocol: StartTlsProtocol): Promise<void> {
  const dialogue = new StartTlsDialogue(protocol);
  try {
    while (!dialogue.isDone) {
      const bytes = await transport.read();
      if (bytes === undefined)
        throw new DeputyError('START_TLS_FAILED', 'the server ended the connection before TLS');
      const answer = dialogue.take(bytes);
      if (answer !== '') await transport.write(encodeUtf8(answer));
    }
  } catch (error) {
    transport.close();
    throw error;
  }
}
