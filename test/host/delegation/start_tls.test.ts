// What is said before TLS begins, as data: real servers' greetings, refusals, floods, and words smuggled in front of TLS.
import { describe, expect, test } from 'vitest';
import {
  START_TLS_PROTOCOLS,
  StartTlsDialogue,
  type StartTlsProtocol,
} from '../../../host/delegation/start_tls.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');

const TALKS: Record<StartTlsProtocol, [said: string, answered: string][]> = {
  smtp: [
    ['220-mail.example ESMTP\r\n220 ready\r\n', 'EHLO deputy.invalid\r\n'],
    ['250-mail.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n', 'STARTTLS\r\n'],
    ['220 2.0.0 Ready to start TLS\r\n', ''],
  ],
  imap: [
    ['* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n', 'a STARTTLS\r\n'],
    ['* 1 EXISTS\r\na OK Begin TLS negotiation now.\r\n', ''],
  ],
  pop3: [
    ['+OK Dovecot ready.\r\n', 'STLS\r\n'],
    ['+OK Begin TLS negotiation now.\r\n', ''],
  ],
  ftp: [
    ['220-Welcome\r\n to the files\r\n220 (vsFTPd 3.0.3)\r\n', 'AUTH TLS\r\n'],
    ['234 Proceed with negotiation.\r\n', ''],
  ],
};

describe.each(START_TLS_PROTOCOLS)('%s', (protocol) => {
  test('turns to TLS, however the words are cut', () => {
    for (const size of [1, 3, 1000]) {
      const dialogue = new StartTlsDialogue(protocol);
      for (const [said, answered] of TALKS[protocol]) {
        let sent = '';
        for (let at = 0; at < said.length; at += size)
          sent += dialogue.take(bytes(said.slice(at, at + size)));
        expect(sent).toBe(answered);
      }
      expect(dialogue.isDone).toBe(true);
    }
  });

  test('words behind the consent are refused, in one piece with it or later', () => {
    const [...before] = TALKS[protocol].slice(0, -1);
    const last = TALKS[protocol].at(-1)?.[0] ?? '';
    for (const smuggled of [['250 injected\r\n'], ['x'], ['', '250 injected\r\n']]) {
      const dialogue = new StartTlsDialogue(protocol);
      for (const [said] of before) dialogue.take(bytes(said));
      const [first = '', ...later] = smuggled;
      expect(() => {
        dialogue.take(bytes(last + first));
        for (const more of later) dialogue.take(bytes(more));
      }).toThrow(/more than its consent/);
    }
  });

  test('a refusal is told in the server’s own words', () => {
    const dialogue = new StartTlsDialogue(protocol);
    expect(() => dialogue.take(bytes('554 go\x07 away\r\n'))).toThrow(/'554 go\? away'/);
  });

  test('endless lines and endless words end', () => {
    expect(() => new StartTlsDialogue(protocol).take(bytes('2'.repeat(3000)))).toThrow(/too long/);
    expect(() => {
      const dialogue = new StartTlsDialogue(protocol);
      for (let i = 0; i < 1000; i++) dialogue.take(bytes(`220-${'x'.repeat(100)}\r\n`));
    }).toThrow();
  });
});
