// Records of 16 KiB through the record program, sealed and opened, on each engine.

import { randomBytes } from 'node:crypto';
import type { Program } from '../../../host/engine/program.js';
import { Version } from '../../../host/tls/numbers.js';
import { suiteNumber } from '../../../host/tls/suites.js';
import { built } from './world.js';

const RECORD = 16384;
const SECONDS = 0.5;
const SUITES = [
  ['TLS_AES_128_GCM_SHA256', Version.Tls13, 16, 12, 0],
  ['TLS_AES_256_GCM_SHA384', Version.Tls13, 32, 12, 0],
  ['TLS_CHACHA20_POLY1305_SHA256', Version.Tls13, 32, 12, 0],
  ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', Version.Tls12, 16, 0, 32],
] as const;

export interface RecordRow {
  readonly suite: string;
  readonly engine: string;
  readonly sealMiBPerSecond: number;
  readonly openMiBPerSecond: number;
}

export async function measureRecords(
  engines: readonly Program['engine'][],
  step: (name: string) => void,
): Promise<RecordRow[]> {
  const { RecordEngine } = await built('host/engine/record.js');
  const { loadProgram } = await built('host/platform/node/programs.js');
  const rows: RecordRow[] = [];
  for (const engine of engines) {
    const program = await loadProgram({ engine, target: 'record' });
    const records = new RecordEngine(program);
    records.seed(randomBytes(32));
    for (const [suite, version, keyLength, ivLength, macLength] of SUITES) {
      step(`records, ${suite}, ${program.engine}`);
      const keys = {
        cipherSuite: suiteNumber(suite),
        version,
        key: randomBytes(keyLength),
        iv: randomBytes(ivLength),
        macKey: randomBytes(macLength),
      };
      const sealer = records.sealer(keys);
      const opener = records.opener(keys);
      const plaintext = randomBytes(RECORD);
      let sealing = 0n;
      let opening = 0n;
      let count = 0;
      // The first record makes the engine compile.
      opener.open(sealer.seal(23, plaintext));
      while (sealing + opening < SECONDS * 2e9) {
        const begun = process.hrtime.bigint();
        const record = sealer.seal(23, plaintext);
        const sealed = process.hrtime.bigint();
        opener.open(record);
        opening += process.hrtime.bigint() - sealed;
        sealing += sealed - begun;
        count++;
      }
      const rate = (nanoseconds: bigint) => (count * RECORD) / 2 ** 20 / (Number(nanoseconds) / 1e9);
      rows.push({
        suite,
        engine: program.engine,
        sealMiBPerSecond: rate(sealing),
        openMiBPerSecond: rate(opening),
      });
      sealer.free();
      opener.free();
    }
  }
  return rows;
}
