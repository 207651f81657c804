// What servers send to the fuzzed connections, to begin with: each legal sequence of messages, by the scripted servers of
// the handshake's tests. Made anew for each run, so that they fit the program as it is.
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentType, HandshakeType } from '../../assembly/handshake/protocol.js';
import { State } from '../../assembly/handshake/state.js';
import type { Issued } from '../../host/cli/demo/authority/authority.js';
import { loadV8 } from '../../host/engine/v8.js';
import { Bench } from '../assembly/bench.js';
import type { DeviceOptions } from '../assembly/handshake/device.js';
import { type KeptAll, keepSessions, paths, type Row, tableRows, Walk } from '../assembly/handshake/walk.js';
import { changeCipherSpec, plainRecord, u8, u16 } from '../assembly/handshake/wire.js';

/** As connection.c has them. */
const UNIX_TIME = 1_796_100_000;
/** 0: TLS 1.2 and 1.3. 3: everything old too. */
const [USUAL, LEGACY] = [0, 3];
const ACTIONS = 8;

/** A walk that keeps what the server sends: as it is, and with the records' content in the clear. */
class KeptWalk extends Walk {
  readonly clear: Buffer[] = [];
  readonly unsealed: Buffer[] = [];
  /** The protection that is listened to. */
  #write: unknown;

  override step(row: Row): void {
    this.listen();
    const before = this.clear.length;
    super.step(row);
    if (this.clear.length > before) return;
    this.clear.push(changeCipherSpec);
    this.unsealed.push(changeCipherSpec);
  }

  /** Keeps what is sealed from now on. */
  listen(): void {
    const { write } = this.twin;
    if (write === this.#write) return;
    this.#write = write;
    const seal = write.seal.bind(write);
    write.seal = (type: number, data: Uint8Array, padding = 0) => {
      const record = seal(type, data, padding);
      this.clear.push(record);
      this.unsealed.push(unsealedRecord(record, type, data, padding));
      return record;
    };
  }
}

/** The record with its plaintext where the ciphertext stands, and its tag: what `unsealed` opens as it is. */
function unsealedRecord(record: Buffer, type: number, data: Uint8Array, padding: number): Buffer {
  const overhead = record.length - 5 - data.length;
  if (overhead === 0) return record;
  const isTls13 = record[0] === ContentType.ApplicationData && overhead === 17 + padding;
  const tag = Buffer.alloc(16);
  const content = isTls13
    ? Buffer.concat([data, u8(type), Buffer.alloc(padding), tag])
    : Buffer.concat([record.subarray(5, 13), data, tag]);
  return plainRecord(record[0] ?? 0, content);
}

async function issuedFrom(file: string): Promise<Issued> {
  const pem = await readFile(file, 'utf8');
  const blocks = [...pem.matchAll(/-----BEGIN ([A-Z ]+)-----([^-]+)-----END/g)];
  const chainDer = blocks
    .filter(([, label]) => label === 'CERTIFICATE')
    .map(([, , text = '']) => new Uint8Array(Buffer.from(text, 'base64')));
  const key = createPrivateKey(pem);
  const keyDer = new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
  return { certificatePem: pem, chainPem: pem, keyPem: pem, chainDer, keyDer, key };
}

const input = (kind: number, action: number, session: Uint8Array, flight: Buffer[]): Buffer =>
  Buffer.concat([u8(kind), u8(action), u16(session.length), session, ...flight]);

/** An old session goes on where the server repeats the id of that very ClientHello: it can't be made before. */
const repeatsId = (path: Row[]): boolean =>
  path[0]?.next === State.ExpectTicket || path[0]?.next === State.ExpectChangeCipherSpec;
const encrypts = (path: Row[]): boolean =>
  path.some(
    ({ message, next }) => message === HandshakeType.Certificate && next === State.ExpectRequestOrDone,
  );

/** Inputs for both connection targets. */
export async function makeFlights(root: string): Promise<{ clear: Buffer[]; unsealed: Buffer[] }> {
  const keys = join(root, 'test/fuzz/keys');
  const program = async (name: string) =>
    new Bench(await loadV8(await readFile(join(root, `build/${name}.wasm`))));
  const bench = await program('client');
  const rows = tableRows(await program('primitives'));
  const issued = await issuedFrom(join(keys, 'origin.pem'));
  const rsa = await issuedFrom(join(keys, 'rsa.pem'));
  const options: DeviceOptions = { roots: [await readFile(join(keys, 'root.der'))], unixTime: UNIX_TIME };
  const kept: KeptAll = keepSessions(bench, issued, options, rows, rsa);
  const made = { clear: [] as Buffer[], unsealed: [] as Buffer[] };
  let action = 0;
  for (const path of paths(rows).filter((each) => !repeatsId(each))) {
    const walk = new KeptWalk(bench, issued, options, path, kept).run();
    walk.listen();
    walk.twin.write.seal(ContentType.ApplicationData, Buffer.from('HTTP/1.1 200 OK'));
    walk.twin.write.seal(ContentType.Alert, Buffer.from([1, 0]));
    const session = walk.resumes ? kept.tls13.session : new Uint8Array();
    for (const kind of encrypts(path) ? [LEGACY] : [USUAL, LEGACY]) {
      made.clear.push(input(kind, 0, session, walk.clear));
      made.unsealed.push(input(kind, action++ % ACTIONS, session, walk.unsealed));
    }
    walk.free();
  }
  return made;
}
