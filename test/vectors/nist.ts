// Reads NIST's CAVP files and those that pyca/cryptography wrote in the same form, from Debian's python3-cryptography-vectors
// (or DEPUTY_NIST=FOLDER): blocks of `name = value`, and sections in brackets whose parameters hold for what follows.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';

const folder = process.env.DEPUTY_NIST ?? '/usr/lib/python3/dist-packages/cryptography_vectors';

/** The path of a file of the package, or undefined where it is not installed. */
export const nistFile = (name: string) => (existsSync(folder) ? join(folder, name) : undefined);

export class NistCase {
  constructor(
    readonly section: string,
    readonly fields: ReadonlyMap<string, string>,
  ) {}

  has(name: string): boolean {
    return this.fields.has(name);
  }

  text(name: string): string {
    const value = this.fields.get(name);
    if (value === undefined) throw new Error(`a case has no ${name}: ${[...this.fields.keys()].join(', ')}`);
    return value;
  }

  number(name: string): number {
    return Number(this.text(name));
  }

  bytes(name: string): Uint8Array {
    const digits = this.text(name);
    return new Uint8Array(Buffer.from(digits.length & 1 ? `0${digits}` : digits, 'hex'));
  }

  /** An integer, big-endian in exactly `length` bytes, or in as few as it takes. */
  integer(name: string, length?: number): Uint8Array {
    const digits = this.text(name).replace(/^0+/, '');
    const width = length === undefined ? digits.length + (digits.length & 1) : 2 * length;
    return new Uint8Array(Buffer.from(digits.padStart(width, '0'), 'hex'));
  }
}

/** The cases of a file: blocks with a field `last`. Fields of other blocks, and of sections, hold for those that follow. */
export function readCases(text: string, last: string): NistCase[] {
  const cases: NistCase[] = [];
  let section = '';
  let shared = new Map<string, string>();
  let block = new Map<string, string>();
  const endBlock = () => {
    if (block.has(last)) cases.push(new NistCase(section, new Map([...shared, ...block])));
    else shared = new Map([...shared, ...block]);
    block = new Map();
  };
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\[(.*)\]\s*$/.exec(line);
    const field = /^([A-Za-z][\w ]*?)\s*(?:=\s*(.*?))?\s*$/.exec(line);
    if (heading) {
      endBlock();
      section = heading[1]!;
      for (const [, name, value] of section.matchAll(/(\w+) = ([^,]+)/g)) shared.set(name!, value!);
      // A curve is a heading by itself, which others may follow.
      const curve = /^[PKB]-\d+/.exec(section);
      if (curve) shared.set('Curve', curve[0]);
    } else if (field) {
      block.set(field[1]!, field[2] ?? '');
    } else if (line.trim() === '') {
      endBlock();
    }
  }
  endBlock();
  return cases;
}

interface NistGroup {
  name: string;
  files: string[];
  /** The field that makes a block a case. */
  last: string;
  /** Why a case does not apply here, if so. */
  skip?: (one: NistCase) => string | undefined;
  /** Throws where the case fails. */
  check: (one: NistCase) => void;
  /** How many of the cases run on the interpreter, spread evenly over them. */
  onWasm3?: number;
}

/** A test for a group of files. Prints how many cases ran, and how many not and why. */
export function nist(engine: string, { name, files, last, skip, check, onWasm3 = 100 }: NistGroup): void {
  if (!existsSync(folder)) {
    test.skip(`NIST ${name} (install python3-cryptography-vectors or set DEPUTY_NIST)`, () => {});
    return;
  }
  test(`NIST ${name}`, () => {
    const cases = files.flatMap((file) => readCases(readFileSync(join(folder, file), 'latin1'), last));
    const reasons = new Map<string, number>();
    const applicable = cases.filter((one) => {
      const reason = skip?.(one);
      if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      return reason === undefined;
    });
    const step = engine === 'V8' ? 1 : Math.max(1, applicable.length / onWasm3);
    let ran = 0;
    for (let at = 0; Math.floor(at) < applicable.length; at += step, ran++) {
      const one = applicable[Math.floor(at)]!;
      try {
        check(one);
      } catch (error) {
        throw new Error(`${name}, ${one.section} ${[...one.fields].join(' ').slice(0, 400)}: ${error}`);
      }
    }
    if (ran === 0) throw new Error(`no case of ${files.join(', ')} ran`);
    const skipped = [...reasons].map(([reason, count]) => `; ${count} skipped: ${reason}`).join('');
    console.info(`NIST ${name} on ${engine}: ${ran} of ${cases.length} cases ran${skipped}`);
  });
}
