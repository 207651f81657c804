// What the encryption keys of a CBC suite are worth without their MAC keys: anyone who has them reads, and real servers refuse
// whatever it changes or makes.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../assembly/alert.js';
import { Grant } from '../../assembly/handshake/protocol.js';
import { type Authority, createAuthority } from '../../host/cli/demo/authority/authority.js';
import { isInstalled, type Origin, startOrigin } from '../../host/cli/demo/origins.js';
import { CbcCipher } from '../../host/proxy/record/cbc.js';
import { CbcReader } from '../../host/proxy/record/cbc_reader.js';
import { ContentType } from '../../host/proxy/record/cipher.js';
import { suiteOf } from '../../host/proxy/record/suite.js';
import { Line } from './line.js';

const SUITE = 0xc013;
const suite = suiteOf(SUITE)!;

let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority();
});

const withoutEncryptThenMac = {
  nginx: ['ssl_conf_command Options -EncryptThenMac;'],
  openssl: ['-no_etm'],
  gnutls: [],
} as const;

describe.each(['nginx', 'openssl', 'gnutls'] as const)('%s', (kind) => {
  const installed = isInstalled(kind);
  if (!installed) test.skip(`all of it (${kind} is not installed)`, () => {});
  describe.runIf(installed).each([true, false])('encrypt-then-MAC: %s', (encryptThenMac) => {
    let origin: Origin;
    beforeAll(async () => {
      const issued = await authority.issue({ names: ['localhost'], keyType: 'rsa-2048' });
      origin = await startOrigin(kind, {
        certificates: [issued],
        version: '1.2',
        ...(!encryptThenMac && { more: withoutEncryptThenMac[kind] }),
        ...(kind === 'gnutls' && {
          priority: `NORMAL:-VERS-ALL:+VERS-TLS1.2${encryptThenMac ? '' : ':%NO_ETM'}`,
        }),
      });
    });
    afterAll(() => origin.stop());

    /** A session whose keys are with an observer. */
    const observed = async () => {
      const line = await Line.open(origin.port, {
        roots: [authority.root.der],
        versions: [0x0303, 0x0303],
        suites: [SUITE],
      });
      const keys = Buffer.from(line.device.deliver(Grant.Observe));
      expect(keys).toHaveLength(2 * suite.keyLength);
      const clientKey = keys.subarray(0, suite.keyLength);
      return { line, clientKey };
    };
    const refused = async (line: Line) => {
      const error = await line.drain();
      expect(error?.code).toBe(ErrorCode.PeerAlert - 20);
      line.close();
    };

    test('its records are read', async () => {
      const { line, clientKey } = await observed();
      const record = Buffer.from(line.device.write(Buffer.from('GET / HTTP/1.1\r\n')));
      const reader = new CbcReader(suite, Buffer.from(clientKey), encryptThenMac);
      expect(reader.open(record).content.toString()).toBe('GET / HTTP/1.1\r\n');
      line.close();
    });

    test('a record that is changed is refused', async () => {
      const { line } = await observed();
      const record = Buffer.from(line.device.write(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')));
      // The IV stands before the first block: its bits are those of the first 16 bytes of text.
      record[5 + 5]! ^= 'a'.charCodeAt(0) ^ 'b'.charCodeAt(0);
      line.socket.write(record);
      await refused(line);
    });

    test('a record that is made is refused', async () => {
      const { line, clientKey } = await observed();
      const keys = { key: Buffer.from(clientKey), iv: Buffer.alloc(0), macKey: Buffer.alloc(20, 7) };
      const forger = new CbcCipher(suite, keys, 1, encryptThenMac);
      line.socket.write(
        forger.seal(ContentType.ApplicationData, Buffer.from('GET /forged HTTP/1.1\r\n\r\n')),
      );
      await refused(line);
    });
  });
});
