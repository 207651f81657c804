// CONNECT: bytes of a browser that can do TLS itself pass as they are.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { parseAuthority } from '../delegation/origin.js';

export interface TunnelOptions {
  /** Opens TCP to a host that may be visited. */
  connect: (host: string, port: number) => Promise<Socket>;
}

/** Answers a CONNECT (RFC 9110 §9.3.6), and relays until either side ends. */
export async function openTunnel(
  request: IncomingMessage,
  browser: Duplex,
  head: Buffer,
  { connect }: TunnelOptions,
): Promise<void> {
  const target = parseAuthority(request.url ?? '');
  if (target === undefined) return refuseTunnel(browser, 400, 'Bad Request');
  let origin: Socket;
  try {
    origin = await connect(target.host, target.port);
  } catch (error) {
    const { code, status = code === 'SITE_DENIED' ? 403 : 502 } = error as { code?: string; status?: number };
    return refuseTunnel(
      browser,
      status,
      status === 403 ? 'Forbidden' : 'Bad Gateway',
      (error as Error).message,
    );
  }
  // Its close has been told already: nothing else would end the other side.
  if (browser.destroyed) {
    origin.destroy();
    return;
  }
  browser.write('HTTP/1.0 200 Connection established\r\n\r\n');
  if (head.length > 0) origin.write(head);
  const end = () => {
    origin.destroy();
    browser.destroy();
  };
  origin.on('error', end).on('close', end);
  browser.on('error', end).on('close', end);
  browser.pipe(origin);
  origin.pipe(browser);
}

export function refuseTunnel(browser: Duplex, status: number, reason: string, why = '', header = ''): void {
  const text = why === '' ? '' : `${why}\n`;
  browser.on('error', () => {});
  browser.end(
    `HTTP/1.0 ${status} ${reason}\r\n${header}Content-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text)}\r\n` +
      `Connection: close\r\n\r\n${text}`,
  );
}
