// TLS 1.3 against servers that nobody here wrote.
import { beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority, type Issued } from '../../setup/authority.js';
import { programs } from '../programs.js';
import { Call, Device, type DeviceOptions } from './device.js';
import { node, openssl } from './origins.js';

let authority: Authority;
let issued: Issued;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
});

describe.each(await programs('client'))('TLS 1.3 on %s', (_, bench) => {
  const device = (options: DeviceOptions = {}) =>
    new Device(bench, { roots: [authority.root.der], ...options });

  test('completes a handshake with Node and echoes', async () => {
    const origin = await node(issued);
    const call = await Call.open(device({ suites: [0x1301] }), origin.port);
    await call.handshake();
    call.write('hello');
    await call.expectText('hello');
    expect(call.device.get('negotiatedVersion')).toBe(0x0304);
    call.close();
    await origin.stop();
  });

  test('completes a handshake with OpenSSL', async () => {
    const origin = await openssl(issued, ['-rev', '-tls1_3']);
    const call = await Call.open(device({ suites: [0x1301] }), origin.port);
    await call.handshake();
    call.write('hello\n');
    await call.expectText('olleh');
    call.close();
    await origin.stop();
  });
});
