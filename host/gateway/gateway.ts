// A plain HTTP proxy on the user's own side: any old browser reads HTTPS sites through delegated sessions.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type DeviceProfile, HANDHELD } from '../delegation/device.js';
import { DeputyError } from '../delegation/error.js';
import { authority } from '../delegation/origin.js';
import type { PolicyRule } from '../delegation/policy.js';
import { contentDecoder } from '../platform/node/codings.js';
import { TargetPolicy } from '../proxy/admission/target.js';
import type { TargetOptions } from '../proxy/options.js';
import { ClientNetworks, isLoopbackHost } from './access.js';
import {
  type AddressForm,
  canBeSelf,
  hostOf,
  OWN_HOST,
  readTarget,
  type Target,
  type WebAddress,
} from './address.js';
import { PROFILES, recognise } from './browsers.js';
import { type ClientFactory, Clients, policyOf } from './clients.js';
import { asFile, rewriteContent, treatmentOf } from './content.js';
import { headerValue, headerValues, refererOf, requestHeaders, responseHeaders } from './headers.js';
import { GatewayListener, type ListenerLimits } from './listener.js';
import { OwnPages } from './own_pages.js';
import { failurePage, plainQuestion } from './pages/failure.js';
import { People } from './people.js';
import { type PersonState, PersonStates } from './person_state.js';
import { APART, askWho, ownReply } from './replies.js';
import { type Reply, sendReply } from './reply.js';
import { bodyOf, formOf } from './request_body.js';
import { AddressRewriter } from './rewriting/address_rewriter.js';
import { askSite, PlainQuestion, type PlainRule, type SiteRequest } from './site.js';
import { contextOf } from './site_context.js';
import { openTunnel, refuseTunnel } from './tunnel.js';

export interface GatewayOptions {
  /** Makes the client for one person and device. */
  client: ClientFactory;
  /** What the proxy may do where a person has no rules of their own. */
  rules: readonly PolicyRule[];
  /** Whether a site to which the proxy is not admitted is read end to end. Otherwise it is refused. */
  undelegated?: boolean;
  /** Host and port of the proxy, for the start page. */
  proxy?: string;
  /** Sites without HTTPS. `ask` unless told. */
  plain?: PlainRule;
  /** For every browser; by what each says of itself unless told. */
  profile?: DeviceProfile;
  /** Beside loopback: who may use it. */
  networks?: readonly string[];
  /** Keeps people, cookies and choices. Without one nothing outlives the gateway. */
  folder?: string;
  /** Whether CONNECT passes blindly. True unless told. */
  tunnels?: boolean;
  /** Where CONNECT, and sites without HTTPS, may lead. */
  targets?: TargetOptions;
  limits?: Partial<ListenerLimits>;
  /** Gets a line about each request that failed. */
  log?: (line: string) => void;
}

const CONNECT_TIMEOUT = 20_000;
/** What the client undoes: the platform's, and gzip by its old name (RFC 9110 §8.4.1.3). */
const CODINGS = [...contentDecoder.codings, 'x-gzip'];

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #people: People;
  readonly #states: PersonStates;
  readonly #clients: Clients;
  readonly #targets: TargetPolicy;
  readonly #own: OwnPages;
  readonly #listener: GatewayListener;
  #address = { host: '127.0.0.1', port: 0 };

  /** Throws DeputyError for networks, people or files that are wrong. */
  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#people = People.open(options.folder);
    this.#states = new PersonStates(options.folder);
    this.#clients = new Clients(options.client);
    this.#targets = new TargetPolicy({ ports: 'any', ...options.targets });
    const connect = (host: string, port: number) => this.#connect(host, port);
    this.#own = new OwnPages({
      proxy: options.proxy,
      connect,
      onChange: ({ person }, host) => this.#clients.revoke(person, host),
    });
    this.#listener = new GatewayListener(
      new ClientNetworks(options.networks ?? []),
      {
        onRequest: (request, response) => void this.#onRequest(request, response),
        onConnect: (request, socket, head) => void this.#onConnect(request, socket, head),
      },
      options.limits,
    );
  }

  /** Throws DeputyError: CANNOT_LISTEN, and GATEWAY_OPEN_RELAY where others could come in whom nothing tells apart. */
  async listen(host: string, port: number): Promise<{ host: string; port: number }> {
    const { networks = [] } = this.#options;
    if (!isLoopbackHost(host) && networks.length === 0) {
      throw new DeputyError(
        'GATEWAY_OPEN_RELAY',
        `--listen ${authority(host, port)} is open to others: name your devices with --allow-clients 192.168.1.0/24`,
      );
    }
    this.#address = await this.#listener.listen(host, port);
    return this.#address;
  }

  async close(): Promise<void> {
    await this.#listener.close();
    await this.#clients.close();
  }

  #connect(host: string, port: number) {
    return this.#targets.connect(host, port, CONNECT_TIMEOUT);
  }

  readonly #isSelf = (host: string, port: number): boolean =>
    port === this.#address.port && (host === this.#address.host || isLoopbackHost(host));

  async #onConnect(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const credentials = request.headers['proxy-authorization'];
    const person = this.#people.identify(request.socket.remoteAddress ?? '', credentials);
    if (person === undefined) {
      return refuseTunnel(
        socket,
        407,
        'Proxy Authentication Required',
        '',
        'Proxy-Authenticate: Basic realm="deputy"\r\n',
      );
    }
    if (this.#options.tunnels === false) {
      return refuseTunnel(
        socket,
        403,
        'Forbidden',
        'this gateway passes no tunnels: ask for http:// addresses',
      );
    }
    const connect = async (host: string, port: number) => {
      this.#states.of(person).choices.refuseDenied(host.toLowerCase().replace(/\.$/, ''));
      return this.#connect(host, port);
    };
    await openTunnel(request, socket, head, { connect });
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = readTarget(request.url ?? '', this.#isSelf);
    try {
      await sendReply(request, response, await this.#reply(request, target));
    } catch (error) {
      this.#options.log?.(`${request.method} ${request.url}: ${(error as Error).message}`);
    }
  }

  async #reply(request: IncomingMessage, target: Target): Promise<Reply> {
    const form = target.kind === 'bad' ? 'proxy' : target.form;
    const base = form === 'proxy' ? `http://${OWN_HOST}` : this.#selfFor(request);
    const header = form === 'proxy' ? 'proxy-authorization' : 'authorization';
    const profileOf = (chosen?: string) => this.#profileFor(request, chosen);
    try {
      if (target.kind === 'bad') throw new DeputyError('GATEWAY_BAD_REQUEST', target.reason);
      const { host = 'localhost' } = request.headers;
      if (form === 'path' && !canBeSelf(host)) {
        throw new DeputyError(
          'GATEWAY_BAD_REQUEST',
          `this gateway is not ${host}: ask for its address or its short name`,
        );
      }
      const person = this.#people.identify(request.socket.remoteAddress ?? '', request.headers[header]);
      if (person === undefined) return askWho(form);
      const state = this.#states.of(person);
      const profile = profileOf(state.choices.profile);
      const { address } = target.kind === 'page' ? target : { address: undefined };
      if (address === undefined)
        return await this.#ownReply(request, target as OwnTarget, state, profile, base);
      try {
        return await this.#siteReply(request, form, address, state, profile);
      } catch (error) {
        if (!(error instanceof PlainQuestion)) throw error;
        const { status, page } = plainQuestion(error, `${base}/do`, this.#own.keyOf(state), `${base}/`);
        return ownReply(status, page, profile);
      }
    } catch (error) {
      const address = target.kind === 'page' ? target.address : undefined;
      this.#options.log?.(`${request.method} ${request.url}: ${(error as Error).message}`);
      const { status, page } = failurePage(error, address, `${base}/do`);
      return ownReply(status, page, profileOf());
    }
  }

  async #ownReply(
    request: IncomingMessage,
    { path, form }: OwnTarget,
    state: PersonState,
    profile: DeviceProfile,
    base: string,
  ): Promise<Reply> {
    const method = request.method ?? 'GET';
    const body = await formOf(request);
    const { status, page, location } = await this.#own.answer({ state, method, path, body, profile, base });
    const lost = status === 404 && form === 'path' ? this.#lostPage(request, path, base) : undefined;
    if (lost !== undefined) return { status: 302, headers: [['Location', lost]], body: new Uint8Array(0) };
    if (page !== undefined) return ownReply(status, page, profile);
    return { status, headers: [['Location', location ?? `${base}/`]], body: new Uint8Array(0) };
  }

  /** A path that a page's script or style made, without the site in it: the page it came from tells the site. */
  #lostPage(request: IncomingMessage, path: string, base: string): string | undefined {
    const from = refererOf(headerValue(request.rawHeaders, 'referer') ?? '', this.#isSelf);
    return from === undefined ? undefined : `${base}/${from.scheme}/${hostOf(from)}${path}`;
  }

  async #siteReply(
    request: IncomingMessage,
    form: AddressForm,
    address: WebAddress,
    state: PersonState,
    profile: DeviceProfile,
  ): Promise<Reply> {
    const { person, choices, cookies, ledger } = state;
    choices.refuseDenied(address.host);
    const isOriginal = choices.siteOf(address.host) === 'original';
    const client = this.#clients.of({
      person,
      profile,
      route: isOriginal ? 'original' : 'delegated',
      policy: policyOf(
        person.rules ?? this.#options.rules,
        choices,
        isOriginal || !!this.#options.undelegated,
      ),
      observer: ledger,
    });
    const raw = request.rawHeaders;
    const context = contextOf(request, address, this.#isSelf);
    const gone = new AbortController();
    request.socket.once('close', () => gone.abort(new DeputyError('CLOSED', 'the browser went away')));
    let hasJarCookies = false;
    const headersFor: SiteRequest['headersFor'] = (asked) => {
      // A browser without a proxy setting sees all sites as one: its own cookies are nobody's.
      const own = form === 'proxy' ? headerValues(raw, 'cookie') : [];
      const kept = cookies.headerFor(asked, context);
      hasJarCookies ||= !!kept;
      const cookie = [kept, ...own].filter(Boolean).join('; ');
      return requestHeaders({ raw, form, address: asked, cookie, isSelf: this.#isSelf });
    };
    const { headers, ...answer } = await askSite(
      {
        method: request.method ?? 'GET',
        address,
        headersFor,
        body: await bodyOf(request),
        signal: gone.signal,
      },
      {
        client,
        choices,
        plain: this.#options.plain ?? 'ask',
        connect: (host, port) => this.#connect(host, port),
        codings: CODINGS,
      },
    );
    cookies.keep(answer.address, headers.all('set-cookie'));
    // Content of no type is taken for a page by browsers: where all sites are one, it must not bring scripts in.
    const type = headers.all('content-type')[0] ?? (form === 'path' ? 'text/html' : '');
    const addresses = new AddressRewriter({ form, page: answer.address, self: this.#selfFor(request) });
    const isCoded = headers.has('content-encoding');
    const treatment = treatmentOf(type, { isByPath: addresses.isByPath, isCoded });
    const changes = treatment === 'rewrite';
    const length = headers.all('content-length')[0];
    const given = responseHeaders(headers, addresses, { isRewritten: changes, hasJarCookies });
    return {
      status: answer.status,
      headers: [...(treatment === 'keep' ? asFile(given) : given), ...(form === 'path' ? APART : [])],
      body: changes ? rewriteContent(type, answer.body, addresses) : answer.body,
      length: changes || length === undefined ? undefined : Number(length),
    };
  }

  /** By choice, by option, by what the browser says; a handheld otherwise. */
  #profileFor({ headers }: IncomingMessage, chosen: string | undefined): DeviceProfile {
    return (
      PROFILES.get(chosen ?? '') ??
      this.#options.profile ??
      recognise(headers['user-agent'] ?? '', headers.accept ?? '') ??
      HANDHELD
    );
  }

  /** `http://host:port`, as this browser wrote it; as the gateway listens where it wrote nothing. */
  #selfFor(request: IncomingMessage): string {
    const { host = '' } = request.headers;
    const isName = /^[A-Za-z0-9.-]{1,253}(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/.test(host);
    const { localAddress = this.#address.host } = request.socket;
    return `http://${isName ? host : authority(localAddress, this.#address.port)}`;
  }
}

type OwnTarget = Extract<Target, { kind: 'own' }>;
