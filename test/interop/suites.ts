// The suites, keys and servers that are combined with each other.

import type { Issued, KeyType } from '../../host/cli/demo/authority/authority.js';
import { type OriginOptions, type ServerKind, startOrigin } from '../../host/cli/demo/origins.js';

export interface Suite {
  version: '1.2' | '1.3';
  /** OpenSSL's name. */
  name: string;
  id: number;
  /** What the server's key must be; any for TLS 1.3. */
  key?: 'ECDSA' | 'RSA';
}

export const suites: Suite[] = [
  { version: '1.3', name: 'TLS_AES_128_GCM_SHA256', id: 0x1301 },
  { version: '1.3', name: 'TLS_AES_256_GCM_SHA384', id: 0x1302 },
  { version: '1.3', name: 'TLS_CHACHA20_POLY1305_SHA256', id: 0x1303 },
  { version: '1.2', name: 'ECDHE-ECDSA-AES128-GCM-SHA256', id: 0xc02b, key: 'ECDSA' },
  { version: '1.2', name: 'ECDHE-ECDSA-AES256-GCM-SHA384', id: 0xc02c, key: 'ECDSA' },
  { version: '1.2', name: 'ECDHE-ECDSA-CHACHA20-POLY1305', id: 0xcca9, key: 'ECDSA' },
  { version: '1.2', name: 'ECDHE-ECDSA-AES128-SHA256', id: 0xc023, key: 'ECDSA' },
  { version: '1.2', name: 'ECDHE-ECDSA-AES256-SHA384', id: 0xc024, key: 'ECDSA' },
  { version: '1.2', name: 'ECDHE-ECDSA-AES128-SHA', id: 0xc009, key: 'ECDSA' },
  { version: '1.2', name: 'ECDHE-ECDSA-AES256-SHA', id: 0xc00a, key: 'ECDSA' },
  { version: '1.2', name: 'ECDHE-RSA-AES128-GCM-SHA256', id: 0xc02f, key: 'RSA' },
  { version: '1.2', name: 'ECDHE-RSA-AES256-GCM-SHA384', id: 0xc030, key: 'RSA' },
  { version: '1.2', name: 'ECDHE-RSA-CHACHA20-POLY1305', id: 0xcca8, key: 'RSA' },
  { version: '1.2', name: 'ECDHE-RSA-AES128-SHA256', id: 0xc027, key: 'RSA' },
  { version: '1.2', name: 'ECDHE-RSA-AES256-SHA384', id: 0xc028, key: 'RSA' },
  { version: '1.2', name: 'ECDHE-RSA-AES128-SHA', id: 0xc013, key: 'RSA' },
  { version: '1.2', name: 'ECDHE-RSA-AES256-SHA', id: 0xc014, key: 'RSA' },
];

/** A server's key, and the signatures that it makes with it where there is a choice. */
export interface ServerKey {
  name: string;
  type: KeyType;
  kind: 'ECDSA' | 'RSA';
  /** OpenSSL's and GnuTLS's names of the one signature scheme that is left. */
  only?: { openssl: string; gnutls: string };
}

const pkcs1 = { openssl: 'RSA+SHA256', gnutls: '-SIGN-ALL:+SIGN-RSA-SHA256' };
export const serverKeys: ServerKey[] = [
  { name: 'P-256', type: 'ec-p256', kind: 'ECDSA' },
  { name: 'P-384', type: 'ec-p384', kind: 'ECDSA' },
  { name: 'RSA-2048, PKCS #1 signatures', type: 'rsa-2048', kind: 'RSA', only: pkcs1 },
  { name: 'RSA-2048, PSS signatures', type: 'rsa-2048', kind: 'RSA' },
  { name: 'RSA-PSS-2048', type: 'rsa-pss-2048', kind: 'RSA' },
];

/** Suites that a server with this key can speak. TLS 1.3 has no PKCS #1 signatures (RFC 9846 §4.3.3). */
export const suitesOf = (key: ServerKey) =>
  suites.filter((suite) => (suite.version === '1.3' ? key.only === undefined : suite.key === key.kind));

/** What a server says about a connection on the page that it serves. */
export interface Seen {
  version: string;
  /** OpenSSL's name; empty where the server has another scheme of names. */
  suite: string;
  /** Undefined where the page does not say. */
  resumed: boolean | undefined;
  /** The same for all connections of a session; empty where the page does not say. */
  session: string;
  clientCertificate: boolean;
}

export type RealServer = Exclude<ServerKind, 'node'>;

const readers: Record<RealServer, (page: string) => Seen> = {
  nginx(page) {
    const [version = '', suite = '', reused = '', verify = ''] = page.trim().split(' ');
    const resumed = reused === 'r';
    return {
      version: version.slice(4),
      suite,
      resumed,
      session: '',
      clientCertificate: verify === 'SUCCESS',
    };
  },
  openssl(page) {
    const [, reused, suite = ''] = /(New|Reused), TLSv[\d.]+, Cipher is (\S+)/.exec(page) ?? [];
    const [, version = ''] = /Protocol *: TLSv([\d.]+)/.exec(page) ?? [];
    const clientCertificate = page.includes('Client certificate');
    return { version, suite, resumed: reused === 'Reused', session: '', clientCertificate };
  },
  gnutls(page) {
    const [, version = ''] = /Protocol version:<\/TD><TD>TLS([\d.]+)/.exec(page) ?? [];
    const [, session = ''] = /Session ID: <i>(\w+)/.exec(page) ?? [];
    const clientCertificate = page.includes('CN=handheld');
    return { version, suite: '', resumed: undefined, session, clientCertificate };
  },
};

export const seenBy = (kind: RealServer, page: string) => readers[kind](page);

/** A server of all suites whose page tells what it sees of the connection. */
export function startTelling(kind: RealServer, key: ServerKey, certificate: Issued, clientCa?: string) {
  const options: OriginOptions = { certificates: [certificate], ...(clientCa !== undefined && { clientCa }) };
  const location =
    'location / { default_type text/plain; return 200 "$ssl_protocol $ssl_cipher $ssl_session_reused $ssl_client_verify\\n"; }';
  switch (kind) {
    case 'nginx': {
      const only = key.only && `ssl_conf_command SignatureAlgorithms ${key.only.openssl};`;
      const more = [
        location,
        'keepalive_timeout 0;',
        'ssl_ciphers ALL:@SECLEVEL=1;',
        ...(only ? [only] : []),
      ];
      return startOrigin(kind, { ...options, more });
    }
    case 'openssl': {
      const only = key.only && ['-sigalgs', key.only.openssl];
      return startOrigin(kind, { ...options, more: ['-cipher', 'ALL:@SECLEVEL=1', ...(only ?? [])] });
    }
    case 'gnutls': {
      const only = key.only ? `:${key.only.gnutls}` : '';
      const priority = `NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3:+SHA256:+SHA384${only}`;
      return startOrigin(kind, { ...options, priority });
    }
  }
}
