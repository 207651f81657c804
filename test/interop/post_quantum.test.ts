// X25519MLKEM768 with OpenSSL 3.5 and later, as Node 24 has it, at both ends: an origin, and the proxy.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority, type Issued } from '../../host/cli/demo/authority/authority.js';
import type { PostQuantum } from '../../host/engine/tls.js';
import { Call, Device } from '../assembly/handshake/device.js';
import { programs } from '../assembly/programs.js';

const HYBRID = 4588;

/** The program of a Node whose OpenSSL has the group: this one, or what npm has; the reason where there is none. */
function findNode(): { path: string } | { reason: string } {
  const hasGroup = (version: string) => /^(3\.([5-9]|\d\d)|[4-9]\.|\d\d)/.test(version);
  if (hasGroup(process.versions.openssl)) return { path: process.execPath };
  try {
    const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'ignore'];
    const options = { encoding: 'utf8' as const, timeout: 100_000, stdio };
    return { path: execFileSync('npx', ['-y', 'node@24', '-p', 'process.execPath'], options).trim() };
  } catch {
    return { reason: 'npm has no Node 24 for this machine' };
  }
}

const node = findNode();
const engines = await programs('client');

const server = `
const { createServer } = require('node:tls');
const options = JSON.parse(process.argv[1]);
const server = createServer(options, (socket) => socket.on('data', (text) => socket.end('echo ' + text)).on('error', () => {}));
server.on('tlsClientError', () => {});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

describe.skipIf('reason' in node)(
  `the hybrid group with OpenSSL${'reason' in node ? ` (skipped: ${node.reason})` : ''}`,
  () => {
    let authority: Authority;
    let issued: Issued;
    const children: ChildProcess[] = [];
    beforeAll(async () => {
      authority = await createAuthority({ keyType: 'ec-p256' });
      issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
    });
    afterAll(async () => {
      for (const child of children) {
        child.kill();
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
    });

    async function listen(ecdhCurve: string): Promise<number> {
      if ('reason' in node) throw new Error(node.reason);
      const options = { cert: issued.chainPem, key: issued.keyPem, ecdhCurve };
      const child = spawn(node.path, ['-e', server, JSON.stringify(options)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      const [line] = await once(createInterface({ input: child.stdout }), 'line');
      return Number(line);
    }

    describe.each(engines)('on %s', (_, bench) => {
      test.each([
        ['fetched by a HelloRetryRequest', 'X25519MLKEM768', 'offer', HYBRID],
        ['sent at once', 'X25519MLKEM768:X25519', 'share', HYBRID],
        ['offered to one who has it not', 'P-256', 'offer', 23],
        ['sent to one who has it not', 'X25519', 'share', 29],
      ] as const)('%s', async (_name, curves, wish: PostQuantum, group) => {
        const port = await listen(curves);
        const roots = [authority.root.der];
        const device = new Device(bench, { roots, ...(wish === 'share' && { share: HYBRID }) });
        const call = await (await Call.open(device, port)).handshake();
        expect(device.get('negotiatedGroup')).toBe(group);
        call.write('hello');
        await call.expectText('echo hello');
        call.close();
      });
    });
  },
);
