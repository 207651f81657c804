// The gateway's own pages: what a person sees and changes at http://deputy/.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { DeviceProfile } from '../delegation/device.js';
import { PROFILES } from './browsers.js';
import { describeCertificate } from './certificate.js';
import { isSiteChoice } from './choices.js';
import { type OwnPage, paragraph } from './pages/own_page.js';
import { sitePage, startPage } from './pages/start.js';
import type { PersonState } from './person_state.js';

export interface OwnRequest {
  state: PersonState;
  method: string;
  /** With its query. */
  path: string;
  /** Of a form. */
  body: string;
  profile: DeviceProfile;
  /** Front of all addresses of own pages: `http://deputy` or `http://host:port`. */
  base: string;
}

export interface OwnAnswer {
  status: number;
  page?: OwnPage;
  /** Where to go instead. */
  location?: string;
}

export interface OwnPagesOptions {
  proxy: string | undefined;
  connect: (host: string, port: number) => Promise<Socket>;
  /** A person changed what the proxy may do with a host. */
  onChange: (state: PersonState, host: string) => void;
}

export class OwnPages {
  readonly #options: OwnPagesOptions;
  readonly #secret = randomBytes(32);

  constructor(options: OwnPagesOptions) {
    this.#options = options;
  }

  /** Stands in each form: a page of another site can't know it, so it can't send a form in a person's name. */
  keyOf({ person }: PersonState): string {
    return createHmac('sha256', this.#secret).update(person.name).digest('hex').slice(0, 32);
  }

  async answer(request: OwnRequest): Promise<OwnAnswer> {
    const { method, path, base, state } = request;
    // Behind a host of its own: `//` at the front would be read as one.
    const { pathname, searchParams } = new URL(`http://deputy${path}`);
    if (pathname === '/do' && method === 'POST') return this.#act(request);
    if (method !== 'GET' && method !== 'HEAD') return unknown(base);
    if (pathname === '/') return { status: 200, page: this.#start(request) };
    if (pathname !== '/site') return unknown(base);
    const site = state.ledger.sites.find(
      ({ host, port }) => host === searchParams.get('host') && `${port}` === searchParams.get('port'),
    );
    if (site === undefined) return unknown(base);
    const lines = await this.#options
      .connect(site.host, site.port)
      .then((socket) => describeCertificate(site, socket))
      .catch((error: Error) => [error.message]);
    const page = sitePage(site, state.choices.siteOf(site.host), lines, {
      key: this.keyOf(state),
      action: `${base}/do`,
      home: `${base}/`,
    });
    return { status: 200, page };
  }

  #start({ state, profile, base }: OwnRequest): OwnPage {
    return startPage({
      person: state.person.name,
      proxy: this.#options.proxy,
      profile: profile.name,
      profiles: [...PROFILES.keys()],
      choices: state.choices,
      sites: state.ledger.sites,
      cookies: state.cookies.list(),
      key: this.keyOf(state),
      action: `${base}/do`,
      siteLink: ({ host, port }) => `${base}/site?host=${encodeURIComponent(host)}&port=${port}`,
    });
  }

  #act({ state, body, base }: OwnRequest): OwnAnswer {
    const fields = new URLSearchParams(body);
    if (!sameText(fields.get('key') ?? '', this.keyOf(state))) return refused(base);
    const host = fields.get('host') ?? '';
    switch (fields.get('do')) {
      case 'profile': {
        const name = fields.get('profile') ?? '';
        state.choices.chooseProfile(PROFILES.has(name) ? name : undefined);
        return { status: 303, location: `${base}/` };
      }
      case 'site': {
        const choice = fields.get('choice');
        state.choices.chooseSite(host, isSiteChoice(choice) ? choice : undefined);
        this.#options.onChange(state, host);
        return { status: 303, location: `${base}/` };
      }
      case 'forget':
        state.cookies.forget(fields.get('domain') ?? undefined);
        return { status: 303, location: `${base}/` };
      case 'plain':
        state.choices.allowPlain(host);
        return { status: 303, location: fields.get('to') ?? `${base}/` };
    }
    return unknown(base);
  }
}

/** Constant-time in both texts, once their bytes are as many. */
function sameText(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}

const refused = (base: string): OwnAnswer => ({
  status: 403,
  page: {
    title: 'Not from here',
    action: `${base}/do`,
    blocks: [
      paragraph('This form was not made by the start page, or the gateway was restarted: load it again.'),
    ],
  },
});

const unknown = (base: string): OwnAnswer => ({
  status: 404,
  page: {
    title: 'No such page',
    action: `${base}/do`,
    blocks: [
      paragraph('Deputy has no page here.', { kind: 'link', href: `${base}/`, text: 'To the start page' }),
    ],
  },
});
