// Who may use the gateway: this machine alone unless told, and never everybody.
import { BlockList, isIP, isIPv6 } from 'node:net';
import { DeputyError } from '../delegation/error.js';

const LOOPBACK = ['127.0.0.0/8', '::1'];

/** An IPv4 address in an IPv6 socket's words, as itself. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');

/** Networks of clients: addresses and blocks, such as `192.168.1.0/24` or `fd00::/8`. */
export class ClientNetworks {
  readonly #blocks = new BlockList();

  /** Loopback is in, unless told. Throws DeputyError GATEWAY_BAD_NETWORK, GATEWAY_OPEN_RELAY. */
  constructor(networks: readonly string[], own: readonly string[] = LOOPBACK) {
    for (const network of [...own, ...networks]) this.#add(network);
  }

  has(address: string): boolean {
    const plain = plainAddress(address);
    if (isIP(plain) === 0) return false;
    return this.#blocks.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
  }

  #add(network: string): void {
    const [address = '', prefix, more] = network.split('/');
    const bits = isIPv6(address) ? 128 : 32;
    const length = prefix === undefined ? bits : Number(prefix);
    const isBlock = isIP(address) !== 0 && more === undefined && Number.isInteger(length);
    if (!isBlock || length < 0 || length > bits) {
      throw new DeputyError('GATEWAY_BAD_NETWORK', `'${network}' is no network: write it as 192.168.1.0/24`);
    }
    // A gateway for everybody is an open relay.
    if (length === 0) {
      throw new DeputyError(
        'GATEWAY_OPEN_RELAY',
        `'${network}' is everybody: name the networks of your devices`,
      );
    }
    this.#blocks.addSubnet(address, length, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}

export const isLoopbackHost = (host: string): boolean =>
  host === 'localhost' || (isIP(host) !== 0 && new ClientNetworks([]).has(host));
