// Runs the demo: starts everything, lets the client fetch the page, and stops everything.

import { HANDHELD } from '../../delegation/device.js';
import { createProxy } from '../../proxy/proxy.js';
import { transcode } from '../../services/transcode/index.js';
import { type Authority, createAuthority } from './authority/authority.js';
import type { DemoDevice } from './device.js';
import { isInstalled, type Origin, type ServerKind, startOrigin } from './origins.js';
import { type Files, newsPage, pictureFiles, styleFiles } from './site.js';
import { Story, type StoryOrigin, type StoryStep } from './story.js';

export interface DemoResult {
  steps: StoryStep[];
  origins: StoryOrigin[];
  /** What runs the device program, and where that is not this machine, the board. */
  engine: string;
  /** Bodies as the origins sent them. */
  bytesFromOrigins: number;
  /** The finished page, its pictures included. */
  bytesToClient: number;
  /** Plaintext bytes that the device itself sealed or opened. */
  deviceCryptoBytes: number;
  milliseconds: number;
  ok: boolean;
  page: string;
}

export interface DemoRun {
  device: DemoDevice;
  onStep: (step: StoryStep) => void;
}

const TOKEN = 'demo-token-of-a-throw-away-proxy';
const HOSTS = { news: 'news.example', pictures: 'pictures.example', styles: 'styles.example' };

/** The device of the demo applies style sheets, so that the third origin is needed too. */
const DEVICE = { ...HANDHELD, name: 'demo handheld', colourDepth: 16, styles: true };

export async function runDemo({ device, onStep }: DemoRun): Promise<DemoResult> {
  const authority = await createAuthority({ name: 'Throw-away root of the demo' });
  const started: Origin[] = [];
  const start = async (host: string, kind: ServerKind, files: Files, version?: '1.2') => {
    const issued = await authority.issue({ names: [host] });
    const origin = await startOrigin(isInstalled(kind) ? kind : 'node', {
      certificates: [issued],
      files,
      ...(version && { version }),
    });
    started.push(origin);
    return { address: `https://${host}:${origin.port}`, place: `${host}:${origin.port}`, origin };
  };
  try {
    const pictures = await start(HOSTS.pictures, 'openssl', await pictureFiles(), '1.2');
    const styles = await start(HOSTS.styles, 'node', styleFiles());
    const news = await start(
      HOSTS.news,
      'nginx',
      newsPage({ pictures: pictures.address, styles: styles.address }),
    );
    const servers = new Map([news, pictures, styles].map(({ place, origin }) => [place, origin.server]));
    const story = new Story(servers, onStep);
    return await fetchPage(`${news.address}/index.html`, authority, story, device);
  } finally {
    await Promise.all(started.map((origin) => origin.stop()));
  }
}

async function fetchPage(url: string, authority: Authority, story: Story, device: DemoDevice) {
  const identity = await authority.issue({ names: ['proxy.example', '127.0.0.1'] });
  const proxy = createProxy({
    tls: { certificate: identity.chainPem, key: identity.keyPem },
    tokens: [{ name: 'demo handheld', token: TOKEN }],
    targets: {
      allow: ['127.0.0.0/8'],
      addresses: Object.fromEntries(Object.values(HOSTS).map((host) => [host, '127.0.0.1'])),
    },
    services: [transcode()],
  });
  story.follow(proxy.events);
  const { host, port } = await proxy.listen();
  const begun = Date.now();
  try {
    const { ok, page, engine, cryptoBytes } = await device(url, {
      proxy: { host, port, serverName: 'proxy.example', token: TOKEN },
      roots: authority.root.pem,
      admitted: Object.values(HOSTS),
      profile: DEVICE,
      observer: story.observer,
    });
    return {
      steps: story.steps,
      origins: [...story.origins.values()],
      engine,
      bytesFromOrigins: story.bytesFromOrigins,
      bytesToClient: Buffer.byteLength(page),
      deviceCryptoBytes: cryptoBytes,
      milliseconds: Date.now() - begun,
      ok: ok && isComplete(page),
      page,
    };
  } finally {
    await proxy.close();
  }
}

/** Every picture and the style sheet arrived, and nothing that a handheld can't use. */
function isComplete(page: string): boolean {
  const pictures = page.match(/<img src="data:image\/(png|jpeg);base64,/g)?.length ?? 0;
  return (
    pictures === 3 && page.includes('<style>') && page.endsWith('</html>\n') && !page.includes('<script')
  );
}
