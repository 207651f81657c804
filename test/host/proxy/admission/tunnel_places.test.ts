// A client's places for tunnels: as many as it may have, and each comes back once.
import { expect, test } from 'vitest';
import { TunnelPlaces } from '../../../../host/proxy/admission/tunnel_places.js';

test('gives no more than there are, to each client its own', () => {
  const places = new TunnelPlaces();
  const taken = Array.from({ length: 5 }, () => places.take('a', 3));
  expect(taken.map((place) => place !== undefined)).toEqual([true, true, true, false, false]);
  expect(places.take('b', 1)).toBeDefined();
  expect(places.take('b', 1)).toBeUndefined();
});

test('a place that is given back twice is one place', () => {
  const places = new TunnelPlaces();
  const first = places.take('a', 2);
  places.take('a', 2);
  first?.();
  first?.();
  expect(places.take('a', 2)).toBeDefined();
  expect(places.take('a', 2)).toBeUndefined();
});

test('a bound that was lowered holds for what comes next', () => {
  const places = new TunnelPlaces();
  const all = [places.take('a', 3), places.take('a', 3), places.take('a', 3)];
  expect(places.take('a', 1)).toBeUndefined();
  for (const giveBack of all) giveBack?.();
  expect(places.take('a', 1)).toBeDefined();
});
