import { expect, test } from 'vitest';
import { localDevice } from '../../../../host/cli/demo/device.js';
import { runDemo } from '../../../../host/cli/demo/exchange.js';
import { pageAsText } from '../../../../host/cli/demo/page.js';
import type { StoryStep } from '../../../../host/cli/demo/story.js';

test('the demo fetches a page of three real origins, and tells every step', async () => {
  const told: StoryStep[] = [];
  const result = await runDemo({ device: localDevice(), onStep: (step) => told.push(step) });
  expect(result.ok).toBe(true);
  expect(told).toEqual(result.steps);
  const requirements = new Set(result.steps.map((step) => step.requirement));
  const main = ['R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8', 'R9', 'R10', 'R13', 'R14', 'R15'];
  expect(main.filter((requirement) => !requirements.has(requirement))).toEqual([]);
  expect(result.origins.map(({ name }) => name.split(':')[0]).sort()).toEqual([
    'news.example',
    'pictures.example',
    'styles.example',
  ]);
  expect(new Set(result.origins.map(({ tlsVersion }) => tlsVersion))).toEqual(
    new Set(['TLS 1.2', 'TLS 1.3']),
  );
  // Photographs of some 100 KiB each become pictures of a handheld.
  expect(result.bytesFromOrigins).toBeGreaterThan(5 * result.bytesToClient);
  expect(result.deviceCryptoBytes).toBeGreaterThan(result.bytesToClient);
  expect(result.deviceCryptoBytes).toBeLessThan(result.bytesFromOrigins);
});

test('each conduit is a stream of the main session', async () => {
  const { steps } = await runDemo({ device: localDevice('v8'), onStep: () => {} });
  const conduits = steps.filter(({ what }) => what.includes('opens a conduit'));
  expect(conduits.length).toBeGreaterThanOrEqual(3);
  for (const { what } of conduits) expect(what).toMatch(/stream \d of the main session/);
});

test('a page as text names its pictures by their size', () => {
  const html =
    '<h1>A &amp; B</h1><p>one <b>two</b></p><img src="data:image/png;base64,AAAA" width="3" height="4" alt="a boat">';
  expect(pageAsText(html).split('\n')).toEqual([
    '  | A & B',
    '  | one two',
    '  | [a boat: image/png, 3×4, 3 bytes]',
  ]);
});
