// The comparison: that peers are measured only with right results, and how the figures are shown.
import { describe, expect, test } from 'vitest';
import { missingClang } from '../../../boards/bench/compiled.js';
import { measureRow } from '../../../boards/bench/measure.js';
import { packagedPeers } from '../../../boards/bench/packaged_peers.js';
import { findPeers, nativePeer } from '../../../boards/bench/peers.js';
import { plot } from '../../../boards/bench/plot.js';
import { rows } from '../../../boards/bench/rows.js';
import { comparisonTable, peersTable } from '../../../boards/bench/table.js';
import { findBoard, missingTools } from '../../../boards/parts/boards.js';

const board = await findBoard('mps2-an500');
const absent = missingTools(board);
const skipped = absent ? ` (skipped: ${absent})` : '';

describe.skipIf(absent)(`peers from npm on the emulated board${skipped}`, { timeout: 300_000 }, () => {
  test.each(packagedPeers.map(([name, make]) => [name, make] as const))(
    '%s gives right results',
    (_, make) => {
      const peer = make();
      let measured = 0;
      for (const row of rows) {
        for (const candidate of peer.candidates(row)) {
          for (const size of row.sizes ? [64, 1024] : [undefined]) {
            expect(measureRow(board, row, candidate, size).instructions, row.primitive).toBeGreaterThan(1000);
            measured++;
          }
        }
      }
      expect(measured).toBeGreaterThan(0);
    },
  );

  test('gives right results, and costs no more, through the pass that fits ours to wasm3', () => {
    const row = rows.find(({ primitive }) => primitive === 'SHA-256')!;
    const cost = (tuned: boolean) => {
      const peer = findPeers({ tuned }).peers.find(({ name }) => name === 'hash-wasm')!;
      return measureRow(board, row, peer.candidates(row)[0]!, 1024).instructions;
    };
    expect(cost(true)).toBeLessThan(cost(false));
  });

  test('a wrong result is no figure', () => {
    const row = rows.find(({ primitive }) => primitive === 'SHA-256')!;
    const [, hashWasm] = packagedPeers.find(([name]) => name === 'hash-wasm')!;
    const [candidate] = hashWasm().candidates(row);
    // Another message than the one whose digest is expected.
    const measure: NonNullable<typeof candidate>['measure'] = (plan, size, answer) => {
      const fill = plan.fill.bind(plan);
      plan.fill = (at, length, seed) => fill(at, length, seed + 2);
      candidate!.measure(plan, size, answer);
    };
    expect(() => measureRow(board, row, { ...candidate!, measure }, 64)).toThrow(
      'not what node:crypto gives',
    );
  });
});

// Their sources come from the network the first time: where that is not to be had, the test says so.
const clang = absent ?? missingClang();
describe.skipIf(clang)(`peers in C${clang ? ` (skipped: ${clang})` : ''}`, { timeout: 600_000 }, () => {
  test.for(['BearSSL', 'mbedTLS', 'BearSSL, native'])('%s gives right results', (name, context) => {
    const found = findPeers();
    const peer = [...found.peers, nativePeer].find((one) => one.name === name);
    const reason = found.absent.find((one) => name.startsWith(one.name))?.reason;
    if (!peer || reason) {
      console.log(`skipped: ${name}: ${reason}`);
      context.skip(reason);
    }
    let measured = 0;
    for (const row of rows) {
      const size = row.sizes ? 64 : undefined;
      for (const candidate of peer!.candidates(row)) {
        expect(measureRow(board, row, candidate, size).instructions, row.primitive).toBeGreaterThan(500);
        measured++;
      }
    }
    expect(measured).toBeGreaterThan(20);
  });
});

const one = (peer: string, variant: string, constantTime: boolean, ratio: number) => ({
  peer,
  variant,
  name: variant ? `${peer} (${variant})` : peer,
  constantTime,
  instructions: 1000 * ratio,
  ratio,
});

const report = {
  title: 'A board <& more>',
  unit: 'instructions',
  rows: [
    {
      primitive: 'SHA-256',
      size: 64,
      instructions: 1000,
      instructionsPerByte: 15.6,
      constantTime: true,
      peer: 'Someone (fast)',
      peerConstantTime: false,
      ratio: 1.5,
      nativeRatio: 4,
      nativeConstantTimeRatio: 5,
      peers: [one('Someone', 'fast', false, 1.5), one('Another', '', true, 3)],
      native: [one('Native', '', true, 0.2)],
    },
    {
      primitive: 'Nobody has it',
      size: null,
      instructions: 2_000_000,
      instructionsPerByte: null,
      constantTime: false,
      peer: null,
      peerConstantTime: null,
      ratio: null,
      nativeRatio: null,
      nativeConstantTimeRatio: null,
      peers: [],
      native: [],
    },
  ],
};

test('the tables show each figure once', () => {
  const [head, first, second] = comparisonTable(report).split('\n');
  expect(head?.split(/ {2,}/)).toEqual(
    'primitive|bytes|M instr|instr/byte|ratio|to native|to native c.t.|best peer'.split('|'),
  );
  expect(first?.split(/ {2,}/)).toEqual('SHA-256 *|64|0.0010|15.6|1.50|4.0|5.0|Someone (fast)'.split('|'));
  expect(second?.split(/ {2,}/)).toEqual(['Nobody has it', '2.000', 'none']);
  expect(peersTable(report).split('\n')).toHaveLength(4);
});

test('the plot has a mark for each peer and escapes what it shows', () => {
  const svg = plot(report);
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" .*<\/svg>\n$/s);
  expect(svg).toContain('A board &lt;&amp; more&gt;');
  // Three in the legend, three marks; hollow where not constant-time.
  expect(svg.match(/<circle /g)).toHaveLength(6);
  expect(svg.match(/<circle [^>]*fill="#ffffff"/g)).toHaveLength(1);
  expect(svg).not.toContain('NaN');
  expect(svg).not.toContain('Nobody');
});
