// How a plain connection turns to TLS (STARTTLS): what is said before the ClientHello, for the protocols of mail and files.
// The proxy says it where a conduit asks for that, so that what it relays is TLS from the first byte.
import { DeputyError } from './error.js';

export const START_TLS_PROTOCOLS = ['smtp', 'imap', 'pop3', 'ftp'] as const;
export type StartTlsProtocol = (typeof START_TLS_PROTOCOLS)[number];

export const isStartTls = (text: string): text is StartTlsProtocol =>
  (START_TLS_PROTOCOLS as readonly string[]).includes(text);

interface Step {
  /** Sent first; undefined for the server's greeting, which comes unasked. */
  send?: string;
  /** The last line of the answer that goes on. */
  goesOn: RegExp;
  /** Lines that more lines follow. */
  more: RegExp;
}

const NEVER = /(?!)/;
const UNTAGGED = /^\* /;
const REPLY_GOES_ON = /^\d{3}-/;

/** RFC 3207 §4 and 5321 §3.2; RFC 9051 §6.2.1; RFC 2595 §4; RFC 4217 §4. */
const STEPS: Readonly<Record<StartTlsProtocol, readonly Step[]>> = {
  smtp: [
    { goesOn: /^220 /, more: REPLY_GOES_ON },
    { send: 'EHLO deputy.invalid', goesOn: /^250(?: |$)/, more: REPLY_GOES_ON },
    { send: 'STARTTLS', goesOn: /^220(?: |$)/, more: REPLY_GOES_ON },
  ],
  imap: [
    { goesOn: /^\* OK\b/i, more: NEVER },
    { send: 'a STARTTLS', goesOn: /^a OK\b/i, more: UNTAGGED },
  ],
  pop3: [
    { goesOn: /^\+OK\b/, more: NEVER },
    { send: 'STLS', goesOn: /^\+OK\b/, more: NEVER },
  ],
  // Some servers of FTP write lines of a greeting without a number in front.
  ftp: [
    { goesOn: /^220 /, more: /^(?!\d{3} )/ },
    { send: 'AUTH TLS', goesOn: /^234(?: |$)/, more: /^(?!\d{3} )/ },
  ],
};

/** Bytes of one line, and of all that a server says before TLS. */
const LINE_LIMIT = 2048;
const ALL_LIMIT = 16_384;

/** What a program is greeted with that itself speaks without TLS: the server's own greeting came before it. */
export const GREETINGS: Readonly<Record<StartTlsProtocol, string>> = {
  smtp: '220 deputy ESMTP\r\n',
  imap: '* OK deputy\r\n',
  pop3: '+OK deputy\r\n',
  ftp: '220 deputy\r\n',
};

const failed = (message: string) => new DeputyError('START_TLS_FAILED', message);

/** The client's side of the dialogue, without any I/O. */
export class StartTlsDialogue {
  readonly #protocol: StartTlsProtocol;
  #step = 0;
  #text = '';
  #bytes = 0;

  constructor(protocol: StartTlsProtocol) {
    this.#protocol = protocol;
  }

  /** TLS begins: the ClientHello may be sent. */
  get isDone(): boolean {
    return this.#step === STEPS[this.#protocol].length;
  }

  /**
   * Takes what the server said, and gives what to send; the empty string for nothing yet. Throws START_TLS_FAILED where the
   * server refuses, says too much, or says more than its consent: bytes behind it could pass for something that came
   * inside TLS (RFC 9051 §11.1, CVE-2011-0411).
   */
  take(bytes: Uint8Array): string {
    this.#bytes += bytes.length;
    if (this.#bytes > ALL_LIMIT) throw failed('the server says too much before TLS');
    for (const byte of bytes) this.#text += String.fromCharCode(byte);
    let toSend = '';
    for (let end = this.#text.indexOf('\n'); end >= 0; end = this.#text.indexOf('\n')) {
      const line = this.#text.slice(0, end).replace(/\r$/, '');
      this.#text = this.#text.slice(end + 1);
      toSend += this.#onLine(line);
    }
    if (this.#text.length > LINE_LIMIT) throw failed('a line of the server is too long');
    if (this.isDone && this.#text !== '') throw failed('the server said more than its consent to TLS');
    return toSend;
  }

  #onLine(line: string): string {
    const step = STEPS[this.#protocol][this.#step];
    if (step === undefined) throw failed('the server said more than its consent to TLS');
    if (step.more.test(line)) return '';
    if (!step.goesOn.test(line)) {
      const said = line.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
      throw failed(`the server does not turn to TLS: '${said}'`);
    }
    this.#step++;
    const next = STEPS[this.#protocol][this.#step]?.send;
    return next === undefined ? '' : `${next}\r\n`;
  }
}
