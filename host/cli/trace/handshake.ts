// Explains the handshake messages that travel in the clear.

import {
  extensionName,
  groupName,
  handshakeName,
  schemeName,
  suiteName,
  versionName,
} from '../../tls/names.js';
import { clientKeyExchange, opaque, serverKeyExchange } from './key_exchange.js';
import { Explainer, type Line } from './line.js';

/** RFC 9846 §4.2.3: this server random makes a ServerHello a HelloRetryRequest. */
const RETRY = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

const ascii = (bytes: Uint8Array) => String.fromCharCode(...bytes).replace(/[^\x20-\x7e]/g, '?');

/** `bytes` is one whole message, its four-byte header included. */
export function explainHandshake(bytes: Uint8Array, depth: number): Line[] {
  const e = new Explainer(bytes, depth);
  return e.run(() => {
    const type = e.number(1, (value) => `handshake message ${value}: ${handshakeName(value)}`);
    e.number(3, (length) => `its length: ${length} bytes`);
    e.deeper(() => MESSAGES[type]?.(e));
  });
}

const MESSAGES: Readonly<Record<number, (e: Explainer) => void>> = {
  1: clientHello,
  2: serverHello,
  4: (e) => {
    e.number(4, (seconds) => `ticket lifetime hint: ${seconds} seconds`);
    e.vector(2, (length) => `the ticket: ${length} bytes that only the server can read`, opaque);
  },
  11: (e) =>
    e.vector(
      3,
      (length) => `certificates: ${length} bytes`,
      (list) => {
        for (let i = 0; list.left > 0; i++) {
          const what = i === 0 ? "the server's own certificate" : 'one of its issuers';
          list.vector(3, (length) => `${length} bytes: ${what}`, opaque);
        }
      },
    ),
  12: serverKeyExchange,
  14: (e) => e.note('nothing more: the client may go on'),
  16: clientKeyExchange,
};

function clientHello(e: Explainer): void {
  e.number(2, (version) => `legacy version ${versionName(version)}; the real offer is in supported_versions`);
  e.field(32, 'client random: names this session in key logs and deliveries');
  e.vector(1, (length) => `legacy session id: ${length} bytes`, opaque);
  e.vector(
    2,
    (length) => `cipher suites, best first: ${length / 2}`,
    (list) => {
      while (list.left > 0) list.number(2, suiteName);
    },
  );
  e.vector(1, () => 'compression methods: only null is left', opaque);
  extensions(e, true);
}

function serverHello(e: Explainer): void {
  e.number(2, (version) => `legacy version ${versionName(version)}`);
  e.field(32, (random) =>
    Buffer.from(random).toString('hex') === RETRY
      ? 'this random says: HelloRetryRequest, ask again with another key share'
      : 'server random',
  );
  e.vector(1, (length) => `session id: ${length} bytes`, opaque);
  e.number(2, (suite) => `chosen cipher suite ${suiteName(suite)}`);
  e.number(1, () => 'compression: none');
  if (e.left > 0) extensions(e, false);
}

function extensions(e: Explainer, fromClient: boolean): void {
  e.vector(
    2,
    (length) => `extensions: ${length} bytes`,
    (list) => {
      while (list.left > 0) {
        const type = list.number(2, (value) => `extension ${extensionName(value)}`);
        list.vector(
          2,
          (length) => `${length} bytes`,
          (body) => EXTENSIONS[type]?.(body, fromClient),
        );
      }
    },
  );
}

const EXTENSIONS: Readonly<Record<number, (e: Explainer, fromClient: boolean) => void>> = {
  0: (e) => {
    if (e.left === 0) return;
    e.vector(
      2,
      () => 'list of names',
      (list) => {
        list.number(1, () => 'a DNS name');
        list.vector(
          2,
          (length) => `${length} bytes`,
          (name) => {
            name.field(name.left, ascii);
          },
        );
      },
    );
  },
  10: (e) => numbers(e, 'groups for key exchange, best first', groupName),
  13: (e) => numbers(e, 'signature schemes that are accepted', schemeName),
  16: (e) =>
    e.vector(
      2,
      () => 'application protocols',
      (list) => {
        while (list.left > 0) {
          list.vector(
            1,
            (length) => `${length} bytes`,
            (name) => {
              name.field(name.left, ascii);
            },
          );
        }
      },
    ),
  11: (e) => {
    e.number(1, () => 'list of point formats');
    e.field(e.left, 'uncompressed');
  },
  23: (e) => e.note('empty: the master secret will be bound to the whole handshake (RFC 7627)'),
  41: (e, fromClient) => {
    if (!fromClient)
      e.number(2, (index) => `the server took ticket ${index}: this handshake is a resumption`);
    else e.field(e.left, 'a ticket of an earlier session, and the proof that its secret is known');
  },
  43: (e, fromClient) => {
    if (!fromClient) e.number(2, (version) => `the version that both will speak: ${versionName(version)}`);
    else {
      e.vector(
        1,
        () => 'versions',
        (list) => {
          while (list.left > 0) list.number(2, versionName);
        },
      );
    }
  },
  45: (e) => {
    e.number(1, () => 'ways to use a ticket');
    while (e.left > 0) {
      e.number(1, (mode) =>
        mode === 1 ? 'with a fresh key exchange as well' : 'without a fresh key exchange',
      );
    }
  },
  51: (e, fromClient) => {
    const share = (entry: Explainer) => {
      entry.number(2, (group) => `key share for ${groupName(group)}`);
      if (entry.left > 0) entry.vector(2, (length) => `public key: ${length} bytes`, opaque);
    };
    if (!fromClient) return share(e);
    e.vector(
      2,
      () => 'key shares',
      (list) => {
        while (list.left > 0) share(list);
      },
    );
  },
  65281: (e) => e.field(e.left, 'empty: the first handshake of this connection (RFC 5746)'),
};

function numbers(e: Explainer, what: string, name: (value: number) => string): void {
  e.vector(
    2,
    () => what,
    (list) => {
      while (list.left > 0) list.number(2, name);
    },
  );
}
