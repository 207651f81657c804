// What an epoch's keys are worth after the client's KeyUpdate, to real servers: nothing. Another party has the keys, writes
// part of a request with them, and gives the session back; then it tries to go on.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../assembly/alert.js';
import { Flag, Grant } from '../../assembly/handshake/protocol.js';
import { type Authority, createAuthority } from '../../host/cli/demo/authority/authority.js';
import { isInstalled, type Origin, startOrigin } from '../../host/cli/demo/origins.js';
import { ContentType } from '../../host/proxy/record/cipher.js';
import { type SessionKeys, sessionKeys } from '../../host/proxy/record/session_keys.js';
import { Line } from './line.js';

const SUITE = 0x1301;

let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority();
});

/** Lends the epoch; the other party seals `text` with its keys, and gives the session back. */
async function lendAndTakeBack(port: number, text: string) {
  const line = await Line.open(port, {
    roots: [authority.root.der],
    versions: [0x0304, 0x0304],
    suites: [SUITE],
  });
  const { device, socket } = line;
  const secrets = device.deliver(Grant.Epoch);
  const keys: SessionKeys = sessionKeys(
    { grant: Grant.Epoch as never, secrets },
    {
      version: 0x0304,
      cipherSuite: SUITE,
      clientRandom: Buffer.alloc(32),
      serverRandom: Buffer.alloc(32),
      encryptThenMac: false,
    },
  );
  const written = device.get('recordsSent') - device.get('clientEpochStart');
  const sealing = keys.cipher('client', { sequence: written });
  const opening = keys.cipher('origin', {
    sequence: device.get('recordsReceived') - device.get('originEpochStart'),
  });
  const records = text === '' ? 0 : 1;
  if (records > 0) socket.write(sealing.seal(ContentType.ApplicationData, Buffer.from(text)));
  expect(device.get('takeBack', records, 0)).toBe(0);
  line.flush();
  return { line, sealing, opening };
}

describe.each(['nginx', 'openssl', 'gnutls'] as const)('%s', (kind) => {
  const installed = isInstalled(kind);
  if (!installed) test.skip(`all of it (${kind} is not installed)`, () => {});
  describe.runIf(installed)('after the KeyUpdate', () => {
    let origin: Origin;
    beforeAll(async () => {
      const issued = await authority.issue({ names: ['localhost'] });
      const files = { '/page': { type: 'text/plain', body: 'what follows' } };
      origin = await startOrigin(kind, { certificates: [issued], version: '1.3', files });
    });
    afterAll(() => origin.stop());

    test('the device goes on amid a request, and the other party can’t read the answer', async () => {
      const path = kind === 'gnutls' ? '/' : '/page';
      const { line, opening } = await lendAndTakeBack(origin.port, `GET ${path} HT`);
      line.socket.write(
        line.device.write(Buffer.from('TP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')),
      );
      let answer = '';
      const readThere: number[] = [];
      let readHere = 0;
      for (let record = await line.record(); record !== undefined; record = await line.record()) {
        try {
          readThere.push(opening.open(Buffer.from(record)).type);
        } catch {
          readHere++;
        }
        answer += Buffer.from(line.device.feed(record)).toString('latin1');
        line.flush();
        if (line.device.has(Flag.PeerClosed)) break;
      }
      expect(answer).toMatch(/^HTTP\/1\.[01] 200/i);
      if (kind !== 'gnutls') expect(answer).toContain('what follows');
      // Tickets and the server's own KeyUpdate: handshake messages of the epoch, and nothing else.
      expect(readThere.every((type) => type === ContentType.Handshake)).toBe(true);
      expect(readHere).toBeGreaterThan(0);
      line.close();
    });

    test('what the other party writes with its keys is bad_record_mac', async () => {
      // s_server takes what comes before a KeyUpdate for a whole line.
      const begun = kind === 'openssl' ? '' : 'GET /page HT';
      const { line, sealing } = await lendAndTakeBack(origin.port, begun);
      // Our KeyUpdate took the next number, so even one that keeps count is refused.
      sealing.seal(ContentType.ApplicationData, Buffer.from('the KeyUpdate stands here'));
      line.socket.write(
        sealing.seal(
          ContentType.ApplicationData,
          Buffer.from('GET /page HTTP/1.1\r\n\r\n'.slice(begun.length)),
        ),
      );
      const error = await line.drain();
      // s_server may close before its alert has left; it says the same on its standard error.
      if (error === undefined) expect(origin.output()).toMatch(/bad record mac/);
      else expect(error.code).toBe(ErrorCode.PeerAlert - 20);
      line.close();
    });
  });
});
