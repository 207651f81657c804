// The authorities whose word on an origin's certificate the proxy takes itself, and the judge of chains: the device program's, which
// follows RFC 5280 in full where node:crypto looks at single certificates.
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { TlsError } from '../../engine/error.js';
import { TlsEngine, type TrustAnchors } from '../../engine/tls.js';
import { loadProgram } from '../../platform/node/programs.js';

/** Where systems keep their roots, as one file. */
const SYSTEM_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
/** Chains that were found good, and for how long nobody looks again. */
const REMEMBERED = 4096;
const REMEMBERED_FOR = 600_000;

interface Judge {
  engine: TlsEngine;
  trust: TrustAnchors;
}

/** Why a chain proves nothing, or which roots say that it does. */
export type Verdict = { refusal: string } | { judgedBy: string };

/** Some roots, and what was found by them. */
class Bench {
  readonly #good = new Map<string, number>();
  #roots: readonly Buffer[] | undefined;
  #name: string | undefined;
  #judge: Promise<Judge> | undefined;

  constructor(
    pem: string | undefined,
    private readonly wasm: Uint8Array | undefined,
  ) {
    const own = pem === undefined ? undefined : certificatesIn(pem);
    if (own?.length === 0) throw new TypeError('there is no certificate among the roots for origins');
    this.#roots = own;
  }

  /** The system's are read when they are first needed. */
  get roots(): readonly Buffer[] {
    this.#roots ??= systemRoots();
    return this.#roots;
  }

  get name(): string {
    this.#name ??= digestOf(this.roots);
    return this.#name;
  }

  async refusal(chain: readonly Buffer[], host: string): Promise<string | undefined> {
    const name = digestOf([Buffer.from(host, 'latin1'), ...chain]);
    const until = this.#good.get(name);
    if (until !== undefined && until > Date.now()) return undefined;
    this.#judge ??= this.#load();
    try {
      const { engine, trust } = await this.#judge;
      engine.verifyChain(trust, chain, host, Date.now() / 1000);
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      // A program that stopped judges nothing more.
      if (error.code === 'TLS_ENGINE_STOPPED') this.#judge = undefined;
      return error.message;
    }
    this.#remember(name, chain);
    return undefined;
  }

  async #load(): Promise<Judge> {
    const engine = new TlsEngine(await loadProgram({ engine: 'v8', ...(this.wasm && { wasm: this.wasm }) }));
    const usable = this.roots.filter((root) => isUsable(engine, root));
    return { engine, trust: engine.addRoots(usable) };
  }

  /** For as long as every certificate of it is valid. */
  #remember(name: string, chain: readonly Buffer[]): void {
    const ends = chain.map((der) => Date.parse(new X509Certificate(der).validTo));
    const until = Math.min(Date.now() + REMEMBERED_FOR, ...ends);
    this.#good.delete(name);
    this.#good.set(name, until);
    const [oldest] = this.#good.keys();
    if (this.#good.size > REMEMBERED && oldest !== undefined) this.#good.delete(oldest);
  }
}

export class OriginAuthorities {
  #bench: Bench;

  /**
   * `pem`: roots, every one of which must be usable; the system's where it is undefined. `wasm`: the bytes of client.wasm;
   * the file of this package where it is undefined. Throws TypeError.
   */
  constructor(
    pem: string | undefined,
    private readonly wasm?: Uint8Array,
  ) {
    this.#bench = new Bench(pem, wasm);
  }

  /** Names the roots in force: others have another name. */
  get name(): string {
    return this.#bench.name;
  }

  /** Goes by these roots from now on, and believes nothing that others vouched for. Throws TypeError, and keeps the old ones. */
  replace(pem: string | undefined): void {
    this.#bench = new Bench(pem, this.wasm);
  }

  /** Whether `chain` (DER, the leaf first) proves that its owner is `host`. */
  async judge(chain: readonly Buffer[], host: string): Promise<Verdict> {
    const bench = this.#bench;
    const refusal = await bench.refusal(chain, host);
    return refusal === undefined ? { judgedBy: bench.name } : { refusal };
  }
}

/** The length of each part keeps apart what would be the same bytes in a row. */
function digestOf(parts: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('base64');
}

/** A root with a kind of key that the program does not know is no root of it. */
function isUsable(engine: TlsEngine, root: Buffer): boolean {
  try {
    engine.addRoots([root]).free();
    return true;
  } catch {
    return false;
  }
}

const certificatesIn = (pem: string): Buffer[] =>
  [...pem.matchAll(BLOCK)].map(([block]) => new X509Certificate(block).raw);

/** Those that this machine trusts; those that came with Node where it says nothing. */
function systemRoots(): Buffer[] {
  const file = [process.env.SSL_CERT_FILE, ...SYSTEM_FILES].find((path) => path && existsSync(path));
  const pem = file === undefined ? tls.rootCertificates.join('\n') : readFileSync(file, 'latin1');
  return [...pem.matchAll(BLOCK)].flatMap(([block]) => {
    try {
      return [new X509Certificate(block).raw];
    } catch {
      return [];
    }
  });
}
