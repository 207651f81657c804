// The browser has no network: whatever a page tries, nothing reaches anybody but through the exchange.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, type Origin, startOrigin, startRendering } from './world.js';

/** Every way out that a page has, toward `HOST:TCP` and `HOST:UDP`; what failed and what did not stands in the page. */
const ATTEMPTS = `
const said = [];
const attempt = async (name, run) => {
  try { const what = await run(); said.push(name + ' ' + (what === undefined ? 'silent' : 'REACHED')); }
  catch { said.push(name + ' refused'); }
  // What changes is waited for.
  document.getElementById('app').textContent = 'trying ' + said.length;
};
const soon = (promise) => Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 200))]);
const add = (name, attributes) => document.head.appendChild(Object.assign(document.createElement(name), attributes));
for (const scheme of ['http', 'https']) {
  const there = scheme + '://HOST:TCP';
  await attempt('fetch', () => soon(fetch(there + '/fetch', { mode: 'no-cors' })));
  await attempt('keepalive', () => soon(fetch(there + '/keepalive', { mode: 'no-cors', keepalive: true, method: 'POST', body: 'x' })));
  await attempt('beacon', () => { navigator.sendBeacon(there + '/beacon', 'x'); });
  await attempt('image', () => { new Image().src = there + '/image'; });
  await attempt('frame', () => { document.body.appendChild(Object.assign(document.createElement('iframe'), { src: there + '/frame' })); });
  await attempt('script', () => { add('script', { src: there + '/script' }); });
  for (const rel of ['dns-prefetch', 'preconnect', 'prefetch', 'prerender', 'preload', 'modulepreload', 'icon', 'manifest'])
    await attempt(rel, () => { add('link', { rel, href: there + '/' + rel, as: rel === 'preload' ? 'script' : '' }); });
  await attempt('ping', () => { Object.assign(document.createElement('a'), { ping: there + '/ping', href: '#x' }).click(); });
  await attempt('speculation', () => { add('script', { type: 'speculationrules', textContent: JSON.stringify({ prefetch: [{ source: 'list', urls: [there + '/s'] }] }) }); });
  await attempt('popup', () => { open(there + '/popup'); });
  await attempt('form', () => { const form = Object.assign(document.createElement('form'), { action: there + '/form', target: '_blank' }); document.body.appendChild(form); form.submit(); });
  await attempt('worker', () => soon(new Promise((resolve, reject) => {
    const code = 'fetch("' + there + '/worker", {mode:"no-cors"}).then(() => postMessage(1), () => postMessage(0)); try { new WebSocket("' + there.replace('http', 'ws') + '/worker-socket"); } catch {}';
    const worker = new Worker(URL.createObjectURL(new Blob([code])));
    worker.onmessage = ({ data }) => data ? resolve(1) : reject();
  })));
  await attempt('socket', () => soon(new Promise((resolve, reject) => {
    const socket = new WebSocket(there.replace('http', 'ws') + '/socket');
    socket.onopen = () => resolve(1);
    socket.onerror = reject;
  })));
  await attempt('events', () => soon(new Promise((resolve, reject) => {
    const events = new EventSource(there + '/events');
    events.onopen = () => resolve(1);
    events.onerror = reject;
  })));
}
await attempt('transport', () => soon(new WebTransport('https://HOST:UDP/').ready));
await attempt('peer', () => soon(new Promise((resolve) => {
  const frame = document.body.appendChild(document.createElement('iframe'));
  const Peer = globalThis.RTCPeerConnection ?? frame.contentWindow.RTCPeerConnection;
  const peer = new Peer({ iceServers: [{ urls: ['stun:HOST:UDP', 'turn:HOST:TCP?transport=tcp'], username: 'a', credential: 'b' }] });
  peer.createDataChannel('x');
  peer.createOffer().then((offer) => peer.setLocalDescription(offer));
  peer.onicecandidate = ({ candidate }) => candidate && /srflx|relay/.test(candidate.candidate) && resolve(1);
})));
document.getElementById('app').textContent = 'All is tried: ' + said.join(', ');
`;

const absent = !existsSync(CHROMIUM);

describe.skipIf(absent)(`a rendered page${absent ? ' (skipped: no Chromium)' : ''}`, () => {
  let tcp: Server;
  let udp: Socket;
  let origin: Origin;
  const reached: string[] = [];
  beforeAll(async () => {
    tcp = createServer((socket) => {
      reached.push('tcp');
      socket.on('data', (data) => void reached.push(data.toString('latin1', 0, 60)));
      socket.on('error', () => {});
    });
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    udp = createSocket('udp4');
    udp.on('message', (data) => void reached.push(`udp ${data.length}`));
    udp.bind(0, '127.0.0.1');
    await once(udp, 'listening');
    const ports = { TCP: String((tcp.address() as AddressInfo).port), UDP: String(udp.address().port) };
    origin = await startOrigin((request, response) => {
      const { searchParams } = new URL(request.url ?? '/', 'https://x');
      const script = ATTEMPTS.replaceAll('HOST', searchParams.get('host') ?? '').replace(
        /TCP|UDP/g,
        (name) => ports[name as 'TCP'],
      );
      response.writeHead(200, { 'Content-Type': 'text/html' });
      response.end(`<!doctype html><body><div id=app></div><script type=module>${script}</script>`);
    });
  });
  afterAll(async () => {
    tcp?.close();
    udp?.close();
    await origin?.close();
  });

  test.each([
    ['by its options alone', false],
    ['in a namespace of its own, where the system has them', true],
  ])('reaches nobody %s', async (_, namespace) => {
    const rendering = await startRendering({ namespace, limits: { time: 60_000 } });
    try {
      for (const host of namespace ? ['localhost'] : ['127.0.0.1', 'localhost']) {
        reached.length = 0;
        const denied = [(tcp.address() as AddressInfo).port];
        const text = await rendering.client(denied)(`${origin.url}/?host=${host}`);
        expect(rendering.warnings).toEqual([]);
        expect(text).toContain('All is tried: fetch');
        expect(text).not.toContain('REACHED');
        expect(reached).toEqual([]);
      }
    } finally {
      await rendering.close();
    }
  });

  test('reaches by the exchange what the policy of the client lets it reach', async () => {
    const rendering = await startRendering({ limits: { time: 60_000 } });
    try {
      reached.length = 0;
      // No TLS server: the client's own handshake is what comes.
      await rendering.client()(`${origin.url}/?host=localhost`);
      expect(reached).toContain('tcp');
      expect(reached.some((each) => /fetch|HTTP/.test(each))).toBe(false);
    } finally {
      await rendering.close();
    }
  });
});
