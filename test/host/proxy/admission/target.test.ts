import { describe, expect, test } from 'vitest';
import { TargetPolicy } from '../../../../host/proxy/admission/target.js';

const special = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  '2001:db8::1',
  '2001::1',
  '64:ff9b:1::1',
  // IPv4 in IPv6: what it holds counts.
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.0.0.1',
  '0:0:0:0:0:ffff:a9fe:a9fe',
  '::ffff:0:127.0.0.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2002:a00:1::1',
];
const global = [
  '1.1.1.1',
  '172.32.0.1',
  '192.167.255.255',
  '2606:4700::1111',
  '::ffff:1.1.1.1',
  '64:ff9b::101:101',
];

describe('where tunnels may lead', () => {
  const policy = new TargetPolicy({});

  test.each(special)('not to %s', (address) => {
    expect(policy.permits(address, address)).toBe(false);
    expect(policy.permits('a-harmless.name', address)).toBe(false);
  });

  test.each(global)('to %s', (address) => {
    expect(policy.permits(address, address)).toBe(true);
  });

  test('as far as it is opened: by block, by address, by name', () => {
    const opened = new TargetPolicy({ allow: ['10.0.0.0/8', '192.168.1.7', 'Intranet.Test', 'fd00::/8'] });
    expect(opened.permits('x', '10.9.9.9')).toBe(true);
    expect(opened.permits('x', '::ffff:10.9.9.9')).toBe(true);
    expect(opened.permits('x', '192.168.1.7')).toBe(true);
    expect(opened.permits('x', '192.168.1.8')).toBe(false);
    expect(opened.permits('intranet.test.', '172.16.0.9')).toBe(true);
    expect(opened.permits('evil-intranet.test', '172.16.0.9')).toBe(false);
    expect(opened.permits('x', 'fd00::9')).toBe(true);
  });

  test('but never to what is denied', () => {
    const denied = new TargetPolicy({ allow: ['10.0.0.0/8'], deny: ['10.0.0.1', 'bad.test', '1.1.1.0/24'] });
    expect(denied.permits('x', '10.0.0.1')).toBe(false);
    expect(denied.permits('x', '::ffff:10.0.0.1')).toBe(false);
    expect(denied.permits('bad.test', '9.9.9.9')).toBe(false);
    expect(denied.permits('x', '1.1.1.1')).toBe(false);
    expect(denied.permits('x', '10.0.0.2')).toBe(true);
  });

  test('by ports: those of TLS, and all from 1024, unless told', () => {
    expect([443, 993, 1024, 8443, 65535].filter((port) => !policy.permitsPort(port))).toEqual([]);
    expect([22, 25, 80, 53].filter((port) => policy.permitsPort(port))).toEqual([]);
    const listed = new TargetPolicy({ ports: [80] });
    expect([80, 443].map((port) => listed.permitsPort(port))).toEqual([true, false]);
    expect(new TargetPolicy({ ports: 'any' }).permitsPort(25)).toBe(true);
  });

  test.each(['pinned.test', 'PINNED.test', 'pinned.test.'])(
    'a name that is pinned is so in any spelling: %s',
    async (host) => {
      const pinned = new TargetPolicy({ addresses: { 'Pinned.test.': '127.0.0.1' } });
      await expect(pinned.connect(host, 443, 2000)).rejects.toMatchObject({ status: 403 });
    },
  );

  test.each(['localhost', '127.1', '0x7f000001', '2130706433', '0177.0.0.1', '[::1]'.slice(1, -1)])(
    'whatever spells loopback: %s',
    async (host) => {
      await expect(policy.connect(host, 443, 2000)).rejects.toMatchObject({ status: expect.any(Number) });
      await policy.connect(host, 443, 2000).catch(({ status }) => expect([403, 502]).toContain(status));
    },
  );
});
