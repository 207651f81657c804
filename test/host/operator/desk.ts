// An operator's listener over a proxy, real or made up, and a browser to look at it.
import { request } from 'node:http';
import { type Browser, chromium } from 'playwright-core';
import { type Operated, type OperatorServer, operatorServer } from '../../../host/operator/server.js';
import type { OperatorView, SessionView } from '../../../host/operator/view.js';

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });

export const aSession = (changes: Partial<SessionView> = {}): SessionView => ({
  id: 'a1'.repeat(16),
  client: 'token:phone',
  device: 'palm',
  host: 'news.example',
  port: 443,
  state: 'active',
  grant: 'session',
  leg: 'open',
  unverified: '',
  tls: '1.3',
  suite: 'TLS_AES_128_GCM_SHA256',
  since: Date.now() - 90_000,
  requests: 3,
  latest: 'GET /today',
  clientBytes: 12_345,
  originBytes: 98_765,
  bytesBefore: 90_000,
  bytesAfter: 10_000,
  ...changes,
});

export const aView = (changes: Partial<OperatorView> = {}): OperatorView => ({
  sessions: [aSession()],
  sessionCount: 1,
  mainSessions: 1,
  requests: 3,
  bytesBefore: 90_000,
  bytesAfter: 10_000,
  sites: [{ host: 'news.example', responses: 3, bytesBefore: 90_000, bytesAfter: 10_000 }],
  failures: [],
  devices: [],
  version: '0.1.0',
  started: Date.now() - 3_600_000,
  listening: '127.0.0.1:8443',
  stopping: false,
  workers: 1,
  ...changes,
});

/** A made-up proxy: shows `view`, and notes what it is told to end. */
export class Desk implements Operated {
  readonly ended: string[] = [];
  isReady = true;
  server!: OperatorServer;
  view_: OperatorView;

  private constructor(view: OperatorView) {
    this.view_ = view;
  }

  static async open(view = aView()): Promise<Desk> {
    const desk = new Desk(view);
    desk.server = await operatorServer(desk, { host: '127.0.0.1', port: 0 });
    return desk;
  }

  order = async () => 0;
  view = async () => this.view_;
  metrics = async () => ({ text: '# nothing\n', contentType: 'text/plain' });

  async end(id: string): Promise<boolean> {
    this.ended.push(id);
    const { sessions } = this.view_;
    const left = sessions.filter((session) => session.id !== id);
    this.view_ = { ...this.view_, sessions: left, sessionCount: left.length };
    return left.length < sessions.length;
  }
}

export interface Answered {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Asks the listener at `url` as any program may: with any headers. */
export function ask(
  url: string,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answered> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    })
      .on('error', reject)
      .end();
  });
}

/** The cookie that the token is good for. */
export async function enter(url: string): Promise<string> {
  const { pathname, search } = new URL(url);
  const { headers } = await ask(url, pathname + search);
  return headers['set-cookie']![0]!.split(';')[0]!;
}
