import { expect, test } from 'vitest';
import { TicketStore } from '../../../../host/client/tls/tickets.js';

const ticket = (n: number) => new Uint8Array(4).fill(n);

test('the newest ticket comes first, each once, and the last one stays', () => {
  const store = new TicketStore();
  for (const n of [1, 2, 3]) store.put('a', ticket(n));
  expect([store.take('a'), store.take('a'), store.take('a'), store.take('a')]).toEqual([
    ticket(3),
    ticket(2),
    ticket(1),
    ticket(1),
  ]);
  expect(store.take('b')).toBeUndefined();
});

test('tickets that are dropped are wiped', () => {
  const store = new TicketStore();
  const tickets = [1, 2, 3, 4, 5].map(ticket);
  for (const each of tickets) store.put('a', each);
  expect(tickets[0]).toEqual(ticket(0));
  store.clear();
  expect(tickets).toEqual(new Array(5).fill(ticket(0)));
  expect(store.take('a')).toBeUndefined();
});

test('few servers are remembered, the latest', () => {
  const store = new TicketStore();
  for (let n = 0; n < 100; n++) store.put(`server ${n}`, ticket(n));
  expect(store.take('server 0')).toBeUndefined();
  expect(store.take('server 99')).toEqual(ticket(99));
});
