// The exchange as a story: each event of the client and of the proxy becomes a step, with what each party knew then.
import type { Observer, Origin, Step } from '../../client/observer.js';
import { grantName, grantPower } from '../../delegation/grant.js';
import { authority } from '../../delegation/origin.js';
import type { ProxyEventEmitter } from '../../proxy/events.js';
import { suiteName, versionName } from '../../tls/names.js';

export interface StoryStep {
  /** The requirement of the delegation protocol that the step fulfils, R1 to R17. */
  requirement: string;
  what: string;
  /** What each party learned by it; a party that learned nothing is left out. */
  knows: { client?: string; proxy?: string; origin?: string };
  /** Milliseconds since the demo's client started. */
  at: number;
}

export interface StoryOrigin {
  name: string;
  tlsVersion: string;
  cipherSuite: string;
  server: string;
}

export class Story {
  readonly steps: StoryStep[] = [];
  readonly origins = new Map<string, StoryOrigin>();
  bytesFromOrigins = 0;
  readonly #started = Date.now();
  readonly #names = new Map<string, string>();

  /** `servers`: the software of each origin, by `host:port`. `onStep` sees each step as it happens. */
  constructor(
    readonly servers: ReadonlyMap<string, string>,
    readonly onStep: (step: StoryStep) => void,
  ) {}

  /** Told by the client. */
  get observer(): Observer {
    return {
      onStep: (step) => {
        switch (step.step) {
          case 'main-session-open':
            return this.#tell('R1', 'The client opens the main session to the proxy.', {
              proxy: 'that a client is there; nothing of what it wants',
            }).#tell('R2', "The client verifies the proxy's certificate before it says anything.", {
              client: `the proxy is who it says (SHA-256 ${hex(step.tls.certificateHash).slice(0, 16)}…)`,
            });
          case 'welcome':
            return this.#tell('R15', 'HELLO and WELCOME: the device says what it can show.', {
              proxy: "the client's credential and the device's screen and memory",
              client: `the proxy offers ${step.welcome.services.join(', ') || 'no services'}`,
            });
          case 'conduit-open':
            return this.#tell(
              'R3',
              `The client opens a conduit for ${place(step.origin)}, ${conduitCost(step)}.`,
              {},
            );
          case 'tunnel-open':
            return this.#tell('R4', `CONNECT ${place(step.origin)}: the proxy answers with a session id.`, {
              client: `the id ${step.sessionId?.slice(0, 16) ?? 'none'}…`,
              proxy: 'the name and port of the origin',
            });
          case 'origin-verified': {
            this.#meet(step.origin, step.tls.version, step.tls.cipherSuite);
            return this.#tell(
              'R6',
              `The client finishes an ordinary ${versionName(step.tls.version)} handshake with ${place(step.origin)} itself.`,
              {
                client: `the origin's real certificate (SHA-256 ${hex(step.tls.certificateHash).slice(0, 16)}…), all keys`,
                proxy: 'what any listener sees: sizes, times and the server name',
                origin: 'an ordinary client',
              },
            );
          }
          case 'delivered': {
            const power = grantPower(step.grant, step.delivery.protocolVersion);
            return this.#tell(
              'R7',
              `The client delivers the grant "${grantName(step.grant)}" for ${place(step.origin)} over the main session.`,
              { proxy: `${power?.delivers} (${step.delivery.secretBytes} bytes)`, origin: 'nothing' },
            );
          }
          case 'request-sent':
            return this.#tell('R9', `The client asks: ${step.method} ${step.path}`, {
              proxy: 'the request: it opens and seals it for the origin',
            });
          case 'response-end':
            return this.#tell('R14', `The client has the finished page, ${step.bytes} bytes.`, {
              client: 'the page, under the keys of its conduit alone',
            });
          case 'tunnel-denied':
            return this.#tell(
              'R13',
              `The client's policy refuses ${place(step.tunnel)}: ${step.reason}.`,
              {},
            );
          case 'receipt':
            return this.#tell(
              'R23',
              `RECEIPT: ${step.message.services.join(', ') || 'no service'} made ${step.message.bytesBefore} bytes into ${step.message.bytesAfter}.`,
              { client: 'what was done to its page, as a running hash' },
            );
          case 'cipher-changed':
            return this.#tell('R12', 'CIPHER_CHANGED: the session moved on without the client.', {
              client: 'what it needs to resume with that origin itself',
            });
        }
      },
    };
  }

  /** Told by the proxy, which in this demo runs in the same process. */
  follow(events: ProxyEventEmitter): void {
    events.on('tunnel', ({ host, port, sessionId }) => {
      if (sessionId !== null) this.#names.set(sessionId, authority(host, port));
      this.#tell('R5', `The proxy connects to ${authority(host, port)} and relays blindly.`, {
        origin: "the proxy's address, as of any network on the way",
      });
    });
    events.on('active', ({ sessionId, clientRecords, originRecords }) => {
      this.#tell(
        'R8',
        `The proxy derives the cipher state and is active for ${this.#names.get(sessionId)}, after ${clientRecords} records out and ${originRecords} in.`,
        { proxy: 'keys and sequence numbers of this one session', origin: 'nothing: its connection goes on' },
      );
    });
    events.on('otherOrigin', ({ host, port }) => {
      this.#tell('R13', `TUNNEL: the page needs ${authority(host, port)}, and the proxy asks for it.`, {
        client: 'which origin, and why',
      });
    });
    events.on('otherResponse', ({ sessionId, status, bytes }) => {
      this.bytesFromOrigins += bytes;
      this.#tell('R13', `${this.#names.get(sessionId)} answers ${status}: ${bytes} bytes for the page.`, {
        proxy: 'the content',
      });
    });
    events.on('response', ({ sessionId, status, services, bytesBefore, bytesAfter }) => {
      this.bytesFromOrigins += bytesBefore;
      const changed = services.length > 0 ? `, made into ${bytesAfter} by ${services.join(', ')}` : '';
      this.#tell('R10', `${this.#names.get(sessionId)} answers ${status}: ${bytesBefore} bytes${changed}.`, {
        proxy: 'the content',
      });
    });
  }

  #meet(origin: Origin, version: number, cipherSuite: number): void {
    const name = place(origin);
    this.origins.set(name, {
      name,
      tlsVersion: versionName(version),
      cipherSuite: suiteName(cipherSuite),
      server: this.servers.get(name) ?? 'unknown',
    });
  }

  #tell(requirement: string, what: string, knows: StoryStep['knows']): this {
    const step = { requirement, what, knows, at: Date.now() - this.#started };
    this.steps.push(step);
    this.onStep(step);
    return this;
  }
}

const place = ({ host, port }: Origin) => authority(host, port);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function conduitCost({ stream, tls }: Extract<Step, { step: 'conduit-open' }>): string {
  if (stream !== undefined) return `stream ${stream} of the main session: no connection, no handshake`;
  return tls.resumed ? 'resumed: no certificate, no signature' : 'a connection of its own';
}
