// Pages of a large manual, through delegated sessions, for every device that has a name: a sample of `npm run pages`.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PRESETS } from '../../host/delegation/device.js';
import { transcode } from '../../host/services/transcode/index.js';
import { type Bench, startProxy } from '../host/proxy/bench.js';
import { Device } from './device.js';
import { type Manual, missingManual, serveManual } from './manual.js';
import { errorsOf } from './verdict.js';

/** Every so many pages, and the first parts of each. */
const STEP = 24;
const PARTS = 3;

const absent = await missingManual();

describe.skipIf(absent)(`pages of Apache's manual${absent ? ` (skipped: ${absent})` : ''}`, () => {
  let manual: Manual;
  let bench: Bench;
  beforeAll(async () => {
    manual = await serveManual();
    bench = await startProxy({ services: [transcode()] });
  });
  afterAll(async () => {
    await bench?.close();
    await manual?.stop();
  });

  test.each([...PRESETS.values()])('are made for $name', async (profile) => {
    const device = new Device(profile, bench, manual.origin.port);
    const sample = manual.pages.filter((_, i) => i % STEP === 0);
    const pages = [];
    for (const { path } of sample) pages.push(await device.read(path, PARTS));
    await device.close();
    expect(pages.length).toBeGreaterThanOrEqual(10);
    expect(errorsOf(profile, pages)).toBe('');
  });
});
