// Where tunnels may lead. Names are resolved here, every address is judged, and the judged address is the one that is
// dialled: a second answer of the name server changes nothing.
import { BlockList, isIP, isIPv6, type Socket, connect as tcpConnect } from 'node:net';
import { DeputyError } from '../../delegation/error.js';
import type { TargetOptions } from '../options.js';
import { Names } from './dns_cache.js';

export class TargetError extends DeputyError {
  constructor(
    readonly status: 403 | 502 | 504,
    code: 'TARGET_FORBIDDEN' | 'TARGET_UNREACHABLE' | 'TARGET_TIMEOUT',
    message: string,
  ) {
    super(code, message);
    this.name = 'TargetError';
  }
}

/** IANA special-purpose registries: not globally reachable, or a way around to what is not. */
const SPECIAL = blockList([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]);

/** Services that are TLS from the first byte, below 1024. */
const TLS_PORTS = new Set([443, 465, 563, 585, 614, 636, 684, 695, 832, 853, 989, 990, 992, 993, 994, 995]);

/** IPv6 forms that hold an IPv4 address: what they hold is judged (RFC 4291 §2.5.5, RFC 6052, RFC 3056). */
function embeddedIPv4(address: string): string | undefined {
  const words = ipv6Words(address);
  const ipv4 = (high: number, low: number) => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  const startsWith = (...prefix: number[]) => prefix.every((word, i) => words[i] === word);
  if (startsWith(0, 0, 0, 0, 0, 0xffff)) return ipv4(words[6]!, words[7]!);
  if (startsWith(0, 0, 0, 0, 0xffff, 0)) return ipv4(words[6]!, words[7]!);
  if (startsWith(0x64, 0xff9b, 0, 0, 0, 0)) return ipv4(words[6]!, words[7]!);
  if (startsWith(0x2002)) return ipv4(words[1]!, words[2]!);
  return undefined;
}

/** The eight words of a valid IPv6 address. */
function ipv6Words(address: string): number[] {
  const plain = address.replace(/%.*$/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const word = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16);
    return `${word(a, b)}:${word(c, d)}`;
  });
  const [head = '', tail] = plain.split('::');
  const words = (part: string) =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function blockList(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', prefix] = block.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    list.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  }
  return list;
}

const contains = (list: BlockList, address: string) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

/** A rule set of host names and of address blocks, as a person writes it in one list. */
class Targets {
  readonly #hosts: ReadonlySet<string>;
  readonly #blocks: BlockList;

  constructor(entries: readonly string[]) {
    const isBlock = (entry: string) => isIP(entry.split('/')[0]!) !== 0;
    this.#hosts = new Set(entries.filter((entry) => !isBlock(entry)).map(canonical));
    this.#blocks = blockList(entries.filter(isBlock));
  }

  has(host: string, address: string): boolean {
    const embedded = isIPv6(address) ? embeddedIPv4(address) : undefined;
    return (
      this.#hosts.has(canonical(host)) ||
      contains(this.#blocks, address) ||
      (embedded !== undefined && contains(this.#blocks, embedded))
    );
  }
}

const canonical = (host: string) => host.toLowerCase().replace(/\.$/, '');

export class TargetPolicy {
  readonly #allowed: Targets;
  readonly #denied: Targets;
  readonly #ports: TargetOptions['ports'];
  readonly #addresses: ReadonlyMap<string, string>;
  readonly #names = new Names();

  constructor(options: TargetOptions) {
    this.#addresses = new Map(
      Object.entries(options.addresses ?? {}).map(([name, address]) => [canonical(name), address]),
    );
    this.#allowed = new Targets(options.allow ?? []);
    this.#denied = new Targets(options.deny ?? []);
    this.#ports = options.ports;
  }

  permitsPort(port: number): boolean {
    if (this.#ports === 'any') return true;
    return this.#ports === undefined ? port >= 1024 || TLS_PORTS.has(port) : this.#ports.includes(port);
  }

  /** Whether `address`, to which `host` resolved, may be dialled. */
  permits(host: string, address: string): boolean {
    if (this.#denied.has(host, address)) return false;
    if (this.#allowed.has(host, address)) return true;
    const embedded = isIPv6(address) ? embeddedIPv4(address) : undefined;
    return !contains(SPECIAL, embedded ?? address);
  }

  /**
   * Resolves, judges and dials. Addresses are tried in the order of the answer until one connects. Throws TargetError
   * with the status for the client.
   */
  async connect(host: string, port: number, timeout: number): Promise<Socket> {
    if (!this.permitsPort(port)) throw forbidden(`port ${port} is not open to tunnels`);
    const deadline = AbortSignal.timeout(timeout);
    const known = this.#addresses.get(canonical(host));
    const addresses = known === undefined ? await resolve(host, this.#names, deadline) : [known];
    const permitted = addresses.filter((address) => this.permits(host, address));
    if (permitted.length === 0) throw forbidden('this address is not open to tunnels');
    let failure: TargetError | undefined;
    for (const address of permitted.slice(0, 4)) {
      try {
        return await dial(address, port, deadline);
      } catch (error) {
        if (!(error instanceof TargetError)) throw error;
        failure = error;
        if (deadline.aborted) break;
      }
    }
    throw failure!;
  }
}

async function resolve(host: string, names: Names, deadline: AbortSignal): Promise<readonly string[]> {
  if (isIP(host)) return [host];
  const expired = new Promise<never>((_, reject) => {
    deadline.addEventListener('abort', () => reject(timedOut('the name did not resolve in time')), {
      once: true,
    });
  });
  try {
    return await Promise.race([names.addresses(host.toLowerCase()), expired]);
  } catch (error) {
    if (error instanceof TargetError) throw error;
    throw new TargetError(502, 'TARGET_UNREACHABLE', 'the name does not resolve');
  } finally {
    expired.catch(() => {});
  }
}

function dial(address: string, port: number, deadline: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = tcpConnect({ host: address, port, allowHalfOpen: true, noDelay: true, keepAlive: true });
    const finish = (error?: TargetError) => {
      deadline.removeEventListener('abort', onDeadline);
      socket.off('error', onError).off('connect', onConnect);
      if (error === undefined) return resolve(socket);
      socket.on('error', () => {}).destroy();
      reject(error);
    };
    const onConnect = () => finish();
    const onDeadline = () => finish(timedOut('the target did not answer in time'));
    const onError = (error: NodeJS.ErrnoException) =>
      finish(
        error.code === 'ETIMEDOUT'
          ? timedOut('the target did not answer in time')
          : new TargetError(
              502,
              'TARGET_UNREACHABLE',
              `the target can't be reached (${error.code ?? 'unknown'})`,
            ),
      );
    socket.on('error', onError).on('connect', onConnect);
    deadline.addEventListener('abort', onDeadline, { once: true });
    if (deadline.aborted) onDeadline();
  });
}

const forbidden = (reason: string) =>
  new TargetError(403, 'TARGET_FORBIDDEN', `${reason}; the proxy's operator can open it`);
const timedOut = (reason: string) => new TargetError(504, 'TARGET_TIMEOUT', reason);
