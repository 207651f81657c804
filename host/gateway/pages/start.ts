// The start page: what is on, which sites were visited and how, and what each person may change.
import type { Choices, SiteChoice } from '../choices.js';
import type { KeptCookie } from '../cookies.js';
import type { SiteEntry } from '../ledger.js';
import {
  type Block,
  type Choice,
  heading,
  type Inline,
  link,
  list,
  type OwnPage,
  paragraph,
} from './own_page.js';

export interface StartFacts {
  person: string;
  /** Host and port of the proxy; undefined without one. */
  proxy: string | undefined;
  profile: string;
  profiles: readonly string[];
  choices: Choices;
  sites: readonly SiteEntry[];
  cookies: readonly KeptCookie[];
  /** Lets forms through: no page of another site knows it. */
  key: string;
  /** Where forms are sent. */
  action: string;
  /** Of the page about one site. */
  siteLink: (site: SiteEntry) => string;
}

export function startPage(facts: StartFacts): OwnPage {
  const { person, proxy, profile, sites, cookies, key, action } = facts;
  const domains = [...new Set(cookies.map(({ domain }) => domain))].sort();
  return {
    title: 'Deputy',
    action,
    blocks: [
      paragraph(
        proxy === undefined
          ? `Hello ${person}. Pages come without a proxy.`
          : `Hello ${person}. Pages come through ${proxy}, which sees what you grant it.`,
      ),
      paragraph(`Pages are made for: ${profile}.`, profileChoice(facts)),
      heading('Sites'),
      ...(sites.length === 0
        ? [paragraph('None yet. Type an address, as http://www.example.com/, into your browser.')]
        : [list(sites.map((site) => siteLine(site, facts)))]),
      heading('Cookies'),
      ...(domains.length === 0
        ? [paragraph('None.')]
        : [
            list(domains.map((domain) => [domain, forget(domain, key)])),
            paragraph({
              kind: 'action',
              text: 'Forget all',
              fields: [
                ['key', key],
                ['do', 'forget'],
              ],
            }),
          ]),
    ],
  };
}

function profileChoice({ profiles, choices, key }: StartFacts): Choice {
  const options = profiles.map((name) => [name, name, name === choices.profile] as const);
  return {
    kind: 'choice',
    text: 'Change',
    name: 'profile',
    options: [['', 'as the browser says', choices.profile === undefined], ...options],
    fields: [
      ['key', key],
      ['do', 'profile'],
    ],
  };
}

function siteLine(site: SiteEntry, { siteLink }: StartFacts): Inline[] {
  const { host, port, grant, requests } = site;
  const name = port === 443 ? host : `${host}:${port}`;
  const how = grant === undefined ? 'end to end' : `grant ${grant}`;
  return [link(siteLink(site), name), `- ${how}, ${requests} requests${savings(site)}`];
}

function savings({ bytesBefore, bytesAfter }: SiteEntry): string {
  if (bytesBefore === 0 || bytesAfter >= bytesBefore) return '';
  return `, ${Math.round(100 - (100 * bytesAfter) / bytesBefore)} % saved of ${Math.ceil(bytesBefore / 1024)} KB`;
}

const forget = (domain: string, key: string): Inline => ({
  kind: 'action',
  text: 'Forget',
  fields: [
    ['key', key],
    ['do', 'forget'],
    ['domain', domain],
  ],
});

const CHOICES: readonly (readonly [SiteChoice | '', string])[] = [
  ['', 'as the rules say'],
  ['original', 'show the original: the proxy sees nothing'],
  ['session', 'the proxy may read and change this connection'],
  ['epoch', 'the proxy may read and change until keys change'],
  ['observe', 'the proxy may only read'],
  ['resume', 'the proxy may also open further connections'],
  ['full', 'the proxy gets the master secret'],
  ['deny', 'do not visit this site'],
];

/** About one site: how it was reached, who vouches for it, and how it shall be reached. */
export function sitePage(
  site: SiteEntry,
  choice: SiteChoice | undefined,
  certificate: readonly string[],
  { key, action, home }: { key: string; action: string; home: string },
): OwnPage {
  const { host, grant, sessions, requests } = site;
  const blocks: Block[] = [
    paragraph(
      `${sessions} sessions, ${requests} requests${savings(site)}.`,
      grant === undefined
        ? 'The proxy saw nothing of the last session.'
        : `Grant of the last session: ${grant}.`,
    ),
    heading('Certificate'),
    ...certificate.map((line) => paragraph(line)),
    heading('From now on'),
    paragraph({
      kind: 'choice',
      text: 'Change',
      name: 'choice',
      options: CHOICES.map(([value, text]) => [value, text, value === (choice ?? '')]),
      fields: [
        ['key', key],
        ['do', 'site'],
        ['host', host],
      ],
    }),
    paragraph(link(home, 'Back to the start page')),
  ];
  return { title: host, action, blocks };
}
