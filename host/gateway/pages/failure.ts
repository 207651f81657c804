// Why a page did not come, and what to do: in the words of the error itself, never another's.
import type { DeputyError } from '../../delegation/error.js';
import { hostOf, type WebAddress } from '../address.js';
import type { PlainQuestion } from '../site.js';
import { type Block, heading, link, type OwnPage, paragraph } from './own_page.js';

export interface Failure {
  status: number;
  page: OwnPage;
}

const TITLES: readonly (readonly [codes: RegExp, status: number, title: string])[] = [
  [/^(POLICY_DENIED|SITE_DENIED)$/, 403, 'Not allowed here'],
  [/^(TARGET_FORBIDDEN|FILTERED)/, 403, 'Not allowed by the proxy'],
  [
    /^TLS_(UNKNOWN_CA|CERTIFICATE|BAD_CERTIFICATE|BAD_SIGNATURE|DOWNGRADE)/,
    502,
    'This site could not be verified',
  ],
  [/TIMEOUT/, 504, 'The site did not answer in time'],
  [/^LIMIT$/, 503, 'Too much at once'],
  [/^(REQUEST_|GATEWAY_BAD_REQUEST)/, 400, 'This request can not be sent'],
];

export function failurePage(error: unknown, address: WebAddress | undefined, action: string): Failure {
  const { code = '', message = 'unknown' } = error as Partial<DeputyError>;
  const [, status, title] = TITLES.find(([codes]) => codes.test(code)) ?? [
    undefined,
    502,
    'The page did not come',
  ];
  const blocks: Block[] = [
    paragraph(address === undefined ? message : `${hostOf(address)}: ${message}`),
    paragraph(`Code: ${code || 'none'}`),
  ];
  return { status, page: { title, action, blocks } };
}

/** Asks whether a site may be visited without HTTPS. */
export function plainQuestion(
  { address, why }: PlainQuestion,
  action: string,
  key: string,
  home: string,
): Failure {
  const site = hostOf(address);
  return {
    status: 403,
    page: {
      title: 'No encryption',
      action,
      blocks: [
        paragraph(
          `${site} does not answer by HTTPS. Without it anybody on the way can read and change the page.`,
        ),
        paragraph(`How HTTPS failed: ${why}.`),
        heading('Go on?'),
        paragraph({
          kind: 'action',
          text: `Visit ${site} unencrypted`,
          fields: [
            ['key', key],
            ['do', 'plain'],
            ['host', address.host],
            ['to', `http://${site}${address.path}`],
          ],
        }),
        paragraph(link(home, 'Back to the start page')),
      ],
    },
  };
}
