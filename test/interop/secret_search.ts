import type { Issued } from '../../host/cli/demo/authority/authority.js';
import type { World } from '../host/client/world.js';
import type { KeyLog } from './key_log.js';
import { clientRandomOf, openConnection } from './opened.js';
import { recordsOf, type Tap } from './tap.js';
import { tappedOrigin } from './tapped_origin.js';

export const versions = ['TLSv1.2', 'TLSv1.3'] as const;

/** An origin that wants the device's certificate, behind a tap, its keys logged. */
export async function secretOrigin(
  world: World,
  version: (typeof versions)[number],
  log: KeyLog,
): Promise<Tap> {
  const limits = {
    minVersion: version,
    maxVersion: version,
    requestCert: true,
    ca: world.authority.root.pem,
  };
  return tappedOrigin(world, log, limits, (request, response) => {
    response.setHeader('connection', 'close');
    response.end(`<html><body><p>for ${request.url}</p></body></html>`);
  });
}

/** All that was logged, and all keys that the recorded connections derived from it, in pieces of 16 bytes. */
export function secretsOf(log: KeyLog, taps: Tap[], identity: Issued): [what: string, piece: Buffer][] {
  const named: [string, Buffer][] = [...log.all()];
  for (const { connections } of taps) {
    for (const { sent, received } of connections) {
      const records = recordsOf(sent);
      if (records.length === 0 || !isComplete(log, clientRandomOf(records))) continue;
      for (const key of openConnection(records, recordsOf(received), log).keys) named.push(['key', key]);
    }
  }
  const scalar = Buffer.from(identity.key.export({ format: 'jwk' }).d!, 'base64url');
  named.push(['private key', scalar]);
  return named.flatMap(([what, secret]) => {
    const pieces: [string, Buffer][] = [];
    for (let at = 0; at + 16 <= secret.length; at += 16) pieces.push([what, secret.subarray(at, at + 16)]);
    return pieces;
  });
}

/** A handshake that was broken off has no keys to derive. */
const isComplete = (log: KeyLog, random: Buffer) =>
  log.has(random, 'CLIENT_RANDOM') || log.has(random, 'CLIENT_TRAFFIC_SECRET_0');

export const found = (memory: Buffer, secrets: [string, Buffer][]) => [
  ...new Set(secrets.filter(([, piece]) => memory.includes(piece)).map(([what]) => what)),
];

/** In any form that a program prints bytes in. */
export function printed(text: string, secrets: [string, Buffer][]): string[] {
  const hexOnly = text.toLowerCase().replace(/[^0-9a-f]/g, '');
  const wholes = [text, text.replace(/[\s[\]]/g, '')];
  return [
    ...new Set(
      secrets
        .filter(
          ([, piece]) =>
            hexOnly.includes(piece.toString('hex')) ||
            text.includes(piece.toString('base64').slice(0, 20)) ||
            text.includes(piece.toString('latin1')) ||
            wholes.some((whole) => whole.includes([...piece].join(','))),
        )
        .map(([what]) => what),
    ),
  ];
}
