// Secrets of TLS connections as programs log them (SSLKEYLOGFILE), by client random.

export class KeyLog {
  readonly #secrets = new Map<string, Map<string, Buffer>>();

  /** Lines in the form of NSS; comments and broken lines are skipped. */
  add(text: string | Buffer): void {
    for (const line of text.toString().split('\n')) {
      const match = /^([A-Z_0-9]+) ([0-9a-f]{64}) ([0-9a-f]+)$/i.exec(line.trim());
      if (match === null) continue;
      const [, label = '', random = '', secret = ''] = match;
      const known = this.#secrets.get(random) ?? new Map<string, Buffer>();
      this.#secrets.set(random, known.set(label, Buffer.from(secret, 'hex')));
    }
  }

  /** The secret of a connection; throws where it was not logged. */
  secret(clientRandom: Buffer, label: string): Buffer {
    const secret = this.#secrets.get(clientRandom.toString('hex'))?.get(label);
    if (secret === undefined) throw new Error(`no ${label} for ${clientRandom.toString('hex')}`);
    return secret;
  }

  /** Whether a connection was logged at all, or with this secret. */
  has(clientRandom: Buffer, label?: string): boolean {
    const secrets = this.#secrets.get(clientRandom.toString('hex'));
    return label === undefined ? secrets !== undefined : secrets?.has(label) === true;
  }

  /** Every secret in the log, with its label. */
  all(): [label: string, secret: Buffer][] {
    return [...this.#secrets.values()].flatMap((secrets) => [...secrets]);
  }
}
