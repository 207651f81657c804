// Turns a connection to an origin to TLS by the words of its protocol, before anything is relayed.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { StartTlsDialogue, type StartTlsProtocol } from '../../delegation/start_tls.js';

/** Throws DeputyError START_TLS_FAILED; the socket is then destroyed. Nothing is read beyond the server's consent. */
export async function startTls(
  socket: Socket,
  protocol: StartTlsProtocol,
  milliseconds: number,
): Promise<void> {
  const dialogue = new StartTlsDialogue(protocol);
  const late = AbortSignal.timeout(milliseconds);
  try {
    while (!dialogue.isDone) {
      const bytes: Buffer | null = socket.read();
      if (bytes !== null) {
        const answer = dialogue.take(bytes);
        if (answer !== '') socket.write(answer, 'latin1');
      } else if (socket.readableEnded || socket.destroyed) {
        throw new Error('the server ended the connection before TLS');
      } else {
        await once(socket, 'readable', { signal: late });
      }
    }
  } catch (error) {
    socket.destroy();
    if (late.aborted) throw new Error('the server did not turn to TLS in time');
    throw error;
  }
}
