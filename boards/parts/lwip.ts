// lwIP's sources: the IPv4 and TCP core, DHCP, DNS, Ethernet and SLIP, for a board without an operating system.
import { join } from 'node:path';
import { partSources } from './debian_source.js';

export const lwipPin = {
  title: 'lwIP',
  version: '2.1.3',
  package: 'lwip',
  suite: 'bookworm',
  sha256: '0a8276d09fc4e97bbba2f953d74af2388fc2195ea156be9d7589e297a68fde24',
  variable: 'LWIP_DIR',
  witness: 'src/core/tcp.c',
};

const core = [
  'def',
  'dns',
  'inet_chksum',
  'init',
  'ip',
  'mem',
  'memp',
  'netif',
  'pbuf',
  'stats',
  'tcp',
  'tcp_in',
  'tcp_out',
  'timeouts',
  'udp',
];
const ipv4 = ['acd', 'autoip', 'dhcp', 'etharp', 'icmp', 'ip4', 'ip4_addr', 'ip4_frag'];

/** `{ files, include }`: what to compile, and the folder of its headers. The board gives lwipopts.h and arch/cc.h. */
export function lwip() {
  const folder = partSources(lwipPin);
  const files = [
    ...core.map((name) => join(folder, 'src/core', `${name}.c`)),
    ...ipv4.filter((name) => name !== 'acd').map((name) => join(folder, 'src/core/ipv4', `${name}.c`)),
    join(folder, 'src/netif/ethernet.c'),
    join(folder, 'src/netif/slipif.c'),
  ];
  return { files, include: join(folder, 'src/include') };
}
