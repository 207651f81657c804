// npm run bench -- --link 14.4k/600ms: what a page of ten objects on three origins takes over a slow link, directly and through a
// proxy: real client, proxy and origins, on this machine; only the link is made up, in real time.

import type { Client } from '../../../host/client/client.js';
import type { ClientOptions } from '../../../host/client/options.js';
import type { DeviceProfile } from '../../../host/delegation/device.js';
import { built } from '../host/world.js';
import { serveStory } from '../session/story.js';
import { startWorld, type World } from '../session/world.js';
import { Link, type LinkKind, parseLink } from './link.js';
import { overLink } from './platform.js';

/** Pixels of the photographs: ten objects of 31 KB. */
const WIDTH = 100;
/** Objects that a browser fetches at a time. */
const PARALLEL = 3;
/** Milliseconds between two pages: late bytes of the first one are gone. */
const pause = ({ roundTrip }: LinkKind) => 2 * roundTrip + 500;

/** Times in seconds. */
export interface PageTimes {
  firstByte: number;
  complete: number;
  /** Of the page's six. */
  pictures: number;
}

export interface WayReport {
  way: string;
  first: PageTimes;
  /** The same page again, with what is open. */
  second: PageTimes;
  connections: number;
  /** TLS handshakes with the proxy. */
  proxyHandshakes: number;
  /** Bytes over the link, headers and acknowledgments included. */
  bytesUp: number;
  bytesDown: number;
  /** Seconds that bytes waited in front of the link at most, control frames behind content among them. */
  longestWait: number;
}

export interface LinkReport {
  link: string;
  pictures: number;
  ways: WayReport[];
}

interface WayOptions extends Partial<ClientOptions> {
  /** Whether the device undoes content codings, as Node does and the boards do not. */
  decodes?: boolean;
}

type Story = Awaited<ReturnType<typeof serveStory>>;
type Load = (client: Client, story: Story, started: number) => Promise<PageTimes>;

const seconds = (since: number) => (performance.now() - since) / 1000;

export async function benchLinks(
  links: readonly string[],
  { json, step = () => {} }: { json: boolean; step?: (name: string) => void },
): Promise<void> {
  const kinds = links.map(parseLink);
  const world = await startWorld();
  try {
    const story = await serveStory(world.serve, WIDTH);
    const reports: LinkReport[] = [];
    for (const kind of kinds) reports.push(await measureLink(kind, world, story, step));
    step('');
    console.log(json ? JSON.stringify({ links: reports }, null, 2) : reports.map(text).join('\n\n'));
  } finally {
    await world.stop();
  }
}

export async function measureLink(
  kind: LinkKind,
  world: World,
  story: Story,
  step: (name: string) => void,
): Promise<LinkReport> {
  const { HANDHELD } = await built('host/index.js');
  const deep: DeviceProfile = { ...HANDHELD, colourDepth: 16 };
  const ways: WayReport[] = [];
  const run = async (way: string, options: WayOptions, load: Load) => {
    step(`${kind.name}, ${way}`);
    ways.push({ way, ...(await measureWay(kind, world, story, options, load)) });
  };
  await run('direct', {}, loadObjects);
  await run('delegated', { ...world.admitted, profile: HANDHELD }, loadPage);
  await run('delegated, 16 bits', { ...world.admitted, profile: deep }, loadPage);
  await run('delegated, compressed', { ...world.admitted, profile: HANDHELD, decodes: true }, loadPage);
  return { link: kind.name, pictures: story.pictures, ways };
}

async function measureWay(
  kind: LinkKind,
  world: World,
  story: Story,
  { decodes = false, ...options }: WayOptions,
  load: Load,
): Promise<Omit<WayReport, 'way'>> {
  const { DeputyClient, nodePlatform } = await built('host/index.js');
  const link = new Link(kind);
  const { contentDecoder, ...plain } = nodePlatform();
  const platform = overLink({ ...plain, ...(decodes && contentDecoder && { contentDecoder }) }, link);
  const client = new DeputyClient({
    ...{ platform, roots: world.roots, ...options },
    // Where a page takes half a minute, so does what waits behind it.
    timeouts: { connect: 60_000, handshake: 120_000, active: 120_000, response: 300_000 },
  });
  try {
    const first = await load(client, story, performance.now());
    await new Promise((resolve) => setTimeout(resolve, pause(kind)));
    const second = await load(client, story, performance.now());
    const { connections, longestWait } = platform.tally;
    return {
      ...{ first, second },
      connections: [...connections.values()].reduce((sum, count) => sum + count, 0),
      proxyHandshakes: connections.get(world.proxyPort) ?? 0,
      bytesUp: link.up.bytes,
      bytesDown: link.down.bytes,
      longestWait: longestWait / 1000,
    };
  } finally {
    await client.close();
  }
}

/** As a browser loads a page by itself: the page, then what it names, some at a time. */
const loadObjects: Load = async (client, { page, objects }, started) => {
  let firstByte = 0;
  let pictures = 0;
  const get = async (url: string) => {
    const response = await client.request(url);
    for await (const _ of response.body) firstByte ||= seconds(started);
    if (url.endsWith('.jpg') && response.status === 200) pictures++;
  };
  await get(page);
  const left = objects.filter((url) => url !== page);
  const work = async () => {
    for (let url = left.shift(); url !== undefined; url = left.shift()) await get(url);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return { firstByte, complete: seconds(started), pictures };
};

/** The proxy fetches what the page names, and puts it in. */
const loadPage: Load = async (client, { page }, started) => {
  let firstByte = 0;
  const parts: Uint8Array[] = [];
  const response = await client.request(page);
  for await (const bytes of response.body) {
    firstByte ||= seconds(started);
    parts.push(bytes);
  }
  const pictures =
    Buffer.concat(parts)
      .toString('latin1')
      .match(/data:image\//g)?.length ?? 0;
  return { firstByte, complete: seconds(started), pictures };
};

/** Goals of each row, as far as they are figures of the same run. */
function text({ link, pictures, ways }: LinkReport): string {
  const direct = ways[0]!;
  const share = (value: number, of: number) => `${value.toFixed(1)} (${(value / of).toFixed(2)})`;
  const head = [
    ...[
      '',
      'first byte s',
      'complete s',
      'second page s',
      'pictures',
      'connections',
      'handshakes with proxy',
    ],
    ...['KB up', 'KB down', 'longest wait s'],
  ];
  const rows = ways.map((it) => [
    it.way,
    it.first.firstByte.toFixed(1),
    share(it.first.complete, direct.first.complete),
    share(it.second.complete, direct.second.complete),
    `${it.first.pictures} and ${it.second.pictures} of ${pictures}`,
    ...[String(it.connections), String(it.proxyHandshakes)],
    ...[it.bytesUp, it.bytesDown].map((bytes) => (bytes / 1000).toFixed(1)),
    it.longestWait.toFixed(1),
  ]);
  const table = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...table.map((row) => row[i]!.length)));
  const lines = table.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
  return [
    `A page of ten objects on three origins over one link of ${link}, headers and acknowledgments counted, in real time on this`,
    'machine; in brackets the share of the direct way. The origins compress nothing.',
    ...['', ...lines],
  ].join('\n');
}
