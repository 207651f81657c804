// Whose a ticket is: what is remembered, for how long, and for whom.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { IssuedTickets } from '../../../../host/proxy/handshake/issued_tickets.js';

const identity = (host: string, port = 443) => ({
  ...{ host, port, judgedBy: 'roots', certificate: 'ab', clientCertificate: '' },
});
const ticket = (number: number) => Buffer.from(`ticket ${number}`);

let authorities: { name: string };
let issued: IssuedTickets;
beforeEach(() => {
  authorities = { name: 'roots' };
  issued = new IssuedTickets(authorities);
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('a ticket is of the origin that gave it, at its port, while its roots are in force', () => {
  issued.add(ticket(1), identity('one.test'));
  expect(issued.find(ticket(1), 'one.test', 443)).toEqual(identity('one.test'));
  expect(issued.find(ticket(2), 'one.test', 443)).toBeUndefined();
  expect(issued.find(ticket(1), 'two.test', 443)).toBeUndefined();
  expect(issued.find(ticket(1), 'one.test', 444)).toBeUndefined();
  expect(issued.find(Buffer.alloc(0), 'one.test', 443)).toBeUndefined();
  authorities.name = 'others';
  expect(issued.find(ticket(1), 'one.test', 443)).toBeUndefined();
});

test('for seven days', () => {
  issued.add(ticket(1), identity('one.test'));
  vi.advanceTimersByTime(604_799_999);
  expect(issued.find(ticket(1), 'one.test', 443)).toBeDefined();
  vi.advanceTimersByTime(1);
  expect(issued.find(ticket(1), 'one.test', 443)).toBeUndefined();
});

test('the last who gave it has it', () => {
  issued.add(ticket(1), identity('one.test'));
  issued.add(ticket(1), identity('two.test'));
  expect(issued.find(ticket(1), 'one.test', 443)).toBeUndefined();
  expect(issued.find(ticket(1), 'two.test', 443)).toBeDefined();
});

test('an origin that floods with tickets forgets its own, and nobody else does', () => {
  issued.add(ticket(-1), identity('quiet.test'));
  issued.add(ticket(-2), identity('loud.test', 444));
  for (let i = 0; i < 20_000; i++) issued.add(ticket(i), identity('loud.test'));
  expect(issued.find(ticket(-1), 'quiet.test', 443)).toBeDefined();
  expect(issued.find(ticket(-2), 'loud.test', 444)).toBeDefined();
  expect(issued.find(ticket(19_744), 'loud.test', 443)).toBeDefined();
  expect(issued.find(ticket(19_743), 'loud.test', 443)).toBeUndefined();
});

test('of too many origins the oldest are forgotten', () => {
  for (let i = 0; i <= 16_384; i++) issued.add(ticket(i), identity(`${i}.test`));
  expect(issued.find(ticket(0), '0.test', 443)).toBeUndefined();
  expect(issued.find(ticket(1), '1.test', 443)).toBeDefined();
});

test('what comes is good for others by roots in force, and where it is no client\u2019s own', () => {
  const verified = { ...identity('one.test'), verified: true };
  expect(issued.vouchesFor(verified)).toBe(true);
  expect(issued.vouchesFor({ ...verified, verified: false })).toBe(false);
  expect(issued.vouchesFor({ ...verified, clientCertificate: 'cd' })).toBe(false);
  expect(issued.vouchesFor({ verified: true, clientCertificate: '' })).toBe(false);
  authorities.name = 'others';
  expect(issued.vouchesFor(verified)).toBe(false);
});
