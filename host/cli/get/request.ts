// What `deputy get` sends: method, content and cookies, by the options that curl taught everybody.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Client } from '../../client/client.js';

import { REDIRECT_LIMIT, type RequestPlan, redirected } from '../../client/http/redirect.js';
import type { ClientResponse } from '../../client/sessions/exchange.js';
import { DeputyError } from '../../delegation/error.js';
import { parseAddress } from '../../gateway/address.js';
import type { Cookies } from '../../gateway/cookies.js';
import { parseUrl } from '../../platform/node/platform.js';

export interface RequestFlags {
  request?: string;
  head?: boolean;
  data?: string[];
  form?: [name: string, content: string][];
  header?: [string, string][];
}

/** A part of a form: `name=content`, `name=@file`. */
export function formPart(text: string, before: readonly [string, string][] = []): [string, string][] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Write a part of a form as name=content or name=@file.');
  return [...before, [text.slice(0, equals), text.slice(equals + 1)]];
}

export const dataPart = (text: string, before: readonly string[] = []): string[] => [...before, text];

/** An `http:` address is taken for its `https:` twin: nothing is fetched without TLS. */
export function upgraded(text: string): string {
  const url = parseUrl(text);
  if (url?.protocol !== 'http:') return text;
  const { host, port, path } = url;
  const name = host.includes(':') ? `[${host}]` : host;
  return `https://${name}${port === 80 ? '' : `:${port}`}${path}`;
}

/** The first request. Throws FILE_UNREADABLE, REQUEST_BAD_URL. */
export async function planRequest(url: string, flags: RequestFlags): Promise<RequestPlan> {
  const address = parseUrl(upgraded(url));
  if (address === undefined) throw new DeputyError('REQUEST_BAD_URL', `'${url}' is no URL`);
  const content = await contentOf(flags);
  const method = flags.request ?? (flags.head ? 'HEAD' : content === undefined ? 'GET' : 'POST');
  const headers = [...(flags.header ?? [])];
  const hasType = headers.some(([name]) => name.toLowerCase() === 'content-type');
  if (content !== undefined && !hasType) headers.push(['Content-Type', content.type]);
  return { url: address, method, headers, body: content?.bytes };
}

async function contentOf({
  data,
  form,
}: RequestFlags): Promise<{ type: string; bytes: Uint8Array } | undefined> {
  if (form !== undefined) {
    const parts = new FormData();
    for (const [name, content] of form) {
      if (content.startsWith('@'))
        parts.append(name, new Blob([new Uint8Array(fileOf(content))]), basename(content.slice(1)));
      else parts.append(name, content);
    }
    const encoded = new Response(parts);
    const bytes = new Uint8Array(await encoded.arrayBuffer());
    return { type: encoded.headers.get('content-type') ?? 'multipart/form-data', bytes };
  }
  if (data === undefined) return undefined;
  const pieces = data.map((text) => (text.startsWith('@') ? fileOf(text).toString('latin1') : text));
  return { type: 'application/x-www-form-urlencoded', bytes: Buffer.from(pieces.join('&'), 'utf8') };
}

function fileOf(text: string): Buffer {
  const name = text.slice(1);
  try {
    return readFileSync(name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DeputyError(
      'FILE_UNREADABLE',
      `${name} can't be read (${code}): check its path and its rights`,
    );
  }
}

/** Sends a request and follows its redirects, each with the cookies that belong to it. Throws DeputyError. */
export async function follow(
  client: Client,
  first: RequestPlan,
  cookies: Cookies | undefined,
): Promise<ClientResponse> {
  let plan = first;
  for (let redirects = 0; ; redirects++) {
    const address = parseAddress(plan.url.href);
    const cookie = address === undefined ? '' : (cookies?.headerFor(address, 'strict') ?? '');
    const response = await client.request(plan.url.href, {
      method: plan.method,
      headers: [...plan.headers, ...(cookie === '' ? [] : [['Cookie', cookie] as const])],
      redirect: 'manual',
      ...(plan.body !== undefined && { body: plan.body }),
    });
    const set = response.headers.all('set-cookie');
    if (address !== undefined) cookies?.keep(address, set);
    const location = response.headers.get('location');
    const headers = response.headers.clone();
    if (location !== undefined) headers.set('location', upgradedFrom(location, plan));
    const next =
      location === undefined
        ? undefined
        : redirected({ parseUrl }, plan, { status: response.status, headers });
    if (next === undefined) return redirects === 0 ? response : { ...response, redirected: true };
    await response.body[Symbol.asyncIterator]().return?.();
    if (redirects >= REDIRECT_LIMIT) {
      throw new DeputyError(
        'REDIRECT_LOOP',
        `more than ${REDIRECT_LIMIT} redirects: the last led to ${next.url.href}`,
      );
    }
    plan = next;
  }
}

const upgradedFrom = (location: string, { url }: RequestPlan): string => {
  const target = parseUrl(location, url.href);
  return target?.protocol === 'http:' ? upgraded(target.href) : location;
};

/** The name of a file for `-O`: the last part of the address, made harmless. */
export function remoteName(url: string): string {
  const name = basename(decodeURIComponentSafely(new URL(url).pathname)).replace(/[^\w.,()+ -]/g, '_');
  return /^\.*$/.test(name) ? 'index.html' : name;
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
