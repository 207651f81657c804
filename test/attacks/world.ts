// The servers of one attack: a `deputy proxy` process, nginx origins, and clients that lie or that are Deputy's own.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, createAuthority, type Issued } from '../../host/cli/demo/authority/authority.js';
import { isInstalled, type Origin, startOrigin } from '../../host/cli/demo/origins.js';
import type { ProxyAddress } from '../host/proxy/bench.js';
import { Command, deputy, type Ran } from '../interop/command.js';
import { startProxyCommand } from '../interop/proxy_command.js';

/** Two clients of the proxy: one that attacks, and one that must not notice. */
export const TOKENS = { alice: 'the-token-of-alice', bob: 'the-token-of-bob' };

/** `unable` of an attack on nginx. */
export const needsNginx = () => (isInstalled('nginx') ? undefined : 'nginx-light is not installed');

export interface ProxyProcess extends ProxyAddress {
  command: Command;
  pid: number;
  /** Whether the process still runs. */
  isAlive(): boolean;
}

export interface NginxOptions {
  /** The names on its certificate. */
  names?: string[];
  /** Path → body. */
  files?: Record<string, { type: string; body: string }>;
  version?: '1.2' | '1.3';
  /** Lines of the server block. */
  more?: string[];
}

export class AttackWorld {
  readonly #closers: (() => unknown)[] = [];

  private constructor(
    readonly authority: Authority,
    readonly folder: string,
  ) {}

  static async create(): Promise<AttackWorld> {
    return new AttackWorld(await createAuthority(), await mkdtemp(join(tmpdir(), 'deputy-attack-')));
  }

  get ca(): string {
    return this.authority.root.pem;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** A proxy process for alice and bob, which lets tunnels go to loopback. `node`: options of the Node process. */
  async proxy(args: string[] = [], node: string[] = []): Promise<ProxyProcess> {
    await writeFile(this.path('ca.pem'), this.ca);
    const { authority, folder } = this;
    const { command, port } = await startProxyCommand({ authority, folder, tokens: TOKENS, args, node });
    let alive = true;
    void command.ended.then(() => {
      alive = false;
    });
    this.onClose(async () => {
      command.child.kill('SIGKILL');
      await command.ended;
    });
    return { command, port, ca: this.ca, pid: command.child.pid!, isAlive: () => alive };
  }

  /** A certificate of this world's authority. */
  issue(names: string[]): Promise<Issued> {
    return this.authority.issue({ names });
  }

  /** An nginx origin with a certificate for `names`. */
  async nginx({ names = ['localhost', '127.0.0.1'], ...options }: NginxOptions = {}): Promise<Origin> {
    const origin = await startOrigin('nginx', { certificates: [await this.issue(names)], ...options });
    this.onClose(() => origin.stop());
    return origin;
  }

  /** `deputy get` through the proxy, by one of the two clients, to its end. */
  get(proxy: ProxyProcess, url: string, args: string[] = [], who: keyof typeof TOKENS = 'alice') {
    return deputy(this.#getArguments(proxy, url, args), { DEPUTY_TOKEN: TOKENS[who] });
  }

  /** The same, while something is done to it. */
  getting(proxy: ProxyProcess, url: string, args: string[] = []): { command: Command; ran: Promise<Ran> } {
    const command = Command.start(this.#getArguments(proxy, url, args), {
      env: { DEPUTY_TOKEN: TOKENS.alice },
    });
    const ran = async (): Promise<Ran> => {
      const status = (await command.ended) ?? -1;
      return { status, stdout: command.stdout, stderr: command.stderr };
    };
    return { command, ran: ran() };
  }

  #getArguments(proxy: ProxyProcess, url: string, args: string[]): string[] {
    const ca = this.path('ca.pem');
    const through = ['--proxy', `localhost:${proxy.port}`, '--proxy-ca', ca, '--ca', ca];
    return ['get', url, ...through, '--engine', 'v8', ...args];
  }

  /** Called when the attack is over, the last one first. */
  onClose(closer: () => unknown): void {
    this.#closers.unshift(closer);
  }

  async close(): Promise<void> {
    for (const closer of this.#closers.splice(0)) await closer();
    await rm(this.folder, { recursive: true, force: true });
  }
}
