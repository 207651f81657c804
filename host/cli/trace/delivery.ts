// Explains the DELIVER frame byte by byte. The secret itself is never in the bytes that a trace gets.
import type { DeliveryFacts } from '../../client/observer.js';
import { UNKNOWN_RECORD } from '../../delegation/delivery.js';
import { grantName, grantPower } from '../../delegation/grant.js';
import { suiteName, versionName } from '../../tls/names.js';
import { Explainer, type Line } from './line.js';

const ascii = (bytes: Uint8Array) => String.fromCharCode(...bytes).replace(/[^\x20-\x7e]/g, '?');
const record = (what: string) => (index: number) =>
  index === UNKNOWN_RECORD ? `${what}: unknown` : `${what}: record ${index}`;

export function explainDelivery(delivery: DeliveryFacts): Line[] {
  const e = new Explainer(delivery.maskedFrame);
  const power = grantPower(delivery.grant, delivery.protocolVersion);
  return e.run(() => {
    e.number(1, () => 'frame type DELIVER');
    e.field(16, 'internal session id: the name that the proxy gave this session');
    e.number(3, (length) => `${length} bytes follow`);
    e.number(2, (version) => `the session speaks ${versionName(version)}`);
    e.number(2, (suite) => `with ${suiteName(suite)}`);
    e.number(1, () => `grant '${grantName(delivery.grant)}': ${power?.delivers ?? ''}`);
    e.number(1, (flags) => `flags: extended master secret ${flags & 1 ? 'on' : 'off'}`);
    e.number(1, (leg) => `leg: ${leg === 0 ? 'open, under the TLS of the conduit' : 'mirror'}`);
    e.field(32, 'client random');
    e.field(32, 'server random');
    e.field(32, "SHA-256 of the origin's certificate, as verified by this device");
    const text = (what: string) =>
      e.vector(
        1,
        (length) => `${what}: ${length} bytes`,
        (inner) => {
          if (inner.left > 0) inner.field(inner.left, ascii);
        },
      );
    text('server name');
    text('application protocol');
    e.number(4, record("the client's keys began at its"));
    e.number(4, record("the origin's keys began at its"));
    e.number(4, (count) => `records that the client has sent: ${count}; the proxy writes only after them`);
    e.number(4, (id) => (id === 0 ? 'answers no TUNNEL' : `answers TUNNEL ${id}`));
    e.number(4, (seconds) => (seconds === 0 ? 'no time limit' : `the grant ends after ${seconds} s`));
    const secretBytes = e.number(2, (length) => `the secret: ${length} bytes`);
    e.hidden(secretBytes, `${secretBytes} bytes, not shown`);
    const handshakeBytes = e.number(
      1,
      (length) => `the handshake traffic secrets, by which the proxy checks the handshake: ${length} bytes`,
    );
    if (handshakeBytes > 0) e.hidden(handshakeBytes, `${handshakeBytes} bytes, not shown`);
    const commitments = e.number(1, (count) => `${count} commitments to keys that are released later`);
    for (let i = 0; i < commitments; i++) e.field(32, 'SHA-256 over a random value and the keys of an epoch');
    e.field(32, 'binding: an exporter value of the main session; makes the delivery useless anywhere else');
  });
}
