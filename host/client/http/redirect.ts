// Redirects, as fetch follows them (Fetch §4.4): never from HTTPS to less, and no credentials to another origin.

import { DeputyError } from '../../delegation/error.js';
import type { HeaderLine, HeaderList } from '../../http/header_list.js';
import type { Platform, UrlParts } from '../../platform/platform.js';

import type { RequestBody } from './request.js';

export const REDIRECT_LIMIT = 20;

export interface RequestPlan {
  url: UrlParts;
  method: string;
  headers: readonly HeaderLine[];
  body: RequestBody | undefined;
}

/** Parses a URL that a request may go to. Throws REQUEST_BAD_URL. */
export function requestUrl(platform: Pick<Platform, 'parseUrl'>, text: string, base?: string): UrlParts {
  const url = platform.parseUrl(text, base);
  if (url === undefined) throw new DeputyError('REQUEST_BAD_URL', `'${text}' is no URL`);
  if (url.protocol !== 'https:') {
    throw new DeputyError(
      'REQUEST_BAD_URL',
      `${url.protocol} URLs are not fetched: only https: can be delegated`,
    );
  }
  return url;
}

const CREDENTIALS = ['authorization', 'cookie', 'proxy-authorization'];
const ABOUT_THE_BODY = ['content-encoding', 'content-language', 'content-location', 'content-type'];

/** The next request after this response, or undefined where it is no redirect. Throws DeputyError. */
export function redirected(
  platform: Pick<Platform, 'parseUrl'>,
  plan: RequestPlan,
  response: { status: number; headers: HeaderList },
): RequestPlan | undefined {
  const { status } = response;
  const location = response.headers.get('location');
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  const url = requestUrl(platform, location, plan.url.href);
  const becomesGet =
    (status === 303 && plan.method !== 'GET' && plan.method !== 'HEAD') ||
    ((status === 301 || status === 302) && plan.method === 'POST');
  if (!becomesGet && plan.body !== undefined && !(plan.body instanceof Uint8Array)) {
    throw new DeputyError(
      'REDIRECT_WITH_STREAM',
      `the origin redirects with ${status}, and a streamed body can't be sent twice: give the body as bytes`,
    );
  }
  const sameOrigin = url.host === plan.url.host && url.port === plan.url.port;
  const dropped = [...(sameOrigin ? [] : CREDENTIALS), ...(becomesGet ? ABOUT_THE_BODY : [])];
  return {
    url,
    method: becomesGet ? 'GET' : plan.method,
    headers: plan.headers.filter(([name]) => !dropped.includes(name.toLowerCase())),
    body: becomesGet ? undefined : plan.body,
  };
}
