// Who gives way where too many strangers stand before the door: never one that goes on while others only wait.
import { describe, expect, test } from 'vitest';
import { FairQueue } from '../../../../host/proxy/admission/fair_queue.js';
import { networkOf, type Stranger, Strangers } from '../../../../host/proxy/admission/strangers.js';

function door(perAddress: number, total = 1000) {
  const strangers = new Strangers({ perAddress, total });
  const dropped: string[] = [];
  const enter = (name: string, address = '192.0.2.1') => strangers.enter(address, () => dropped.push(name));
  return { strangers, dropped, enter };
}

describe('of one address', () => {
  test('the oldest silent one gives way to a new one', () => {
    const { enter, dropped, strangers } = door(3);
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => enter(name));
    expect(dropped).toEqual(['a', 'b']);
    expect([strangers.count, strangers.networks]).toEqual([3, 1]);
    for (const each of all) strangers.leave(each);
    // Nothing is left of an address from which nobody comes.
    expect([strangers.count, strangers.networks]).toEqual([0, 0]);
  });

  test.each(['silent', 'heard', 'secured'] as const)(
    'a flood of %s ones does not push out a client that goes on',
    (stage) => {
      const { enter, strangers, dropped } = door(16);
      const flood = (times: number) => {
        for (let i = 0; i < times; i++) strangers.reach(enter('flood'), stage);
      };
      flood(40);
      const client: Stranger = enter('client');
      flood(6);
      strangers.reach(client, 'heard');
      flood(6);
      strangers.reach(client, 'secured');
      flood(6);
      strangers.leave(client);
      flood(40);
      expect(dropped).not.toContain('client');
      expect(strangers.count).toBe(16);
    },
  );

  test('one that has left is dropped no more, and reaches nothing', () => {
    const { enter, strangers, dropped } = door(2);
    const gone = enter('gone');
    strangers.leave(gone);
    strangers.leave(gone);
    strangers.reach(gone, 'secured');
    expect(strangers.count).toBe(0);
    for (const name of ['a', 'b', 'c']) enter(name);
    expect(dropped).toEqual(['a']);
  });
});

describe('of many addresses', () => {
  test('the one with most gives way where there are too many in all', () => {
    const { enter, dropped } = door(8, 10);
    for (let i = 0; i < 8; i++) enter('crowd', '192.0.2.9');
    enter('one', '192.0.2.1');
    enter('two', '192.0.2.2');
    enter('three', '192.0.2.3');
    expect(dropped).toEqual(['crowd']);
  });

  test('one gives way where somebody is there', () => {
    const { strangers, enter, dropped } = door(4);
    expect(strangers.giveWay()).toBe(false);
    enter('a');
    expect(strangers.giveWay()).toBe(true);
    expect(dropped).toEqual(['a']);
    expect(strangers.count).toBe(0);
  });

  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['1::2:3:4:5:6', '1:0:0:2::/64'],
    ['::1:2:3:4:5:6:7', '0:1:2:3::/64'],
    ['1:2::', '1:2:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
  ])('%s is one of %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('a fair queue', () => {
  test('serves each address in turn, and each in its order', () => {
    const queue = new FairQueue<string>();
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) queue.add(item.slice(0, 1), item);
    queue.remove('c', 'c1');
    queue.remove('c', 'c9');
    const served = [];
    for (let item = queue.next(); item !== undefined; item = queue.next()) served.push(item);
    expect(served).toEqual(['a1', 'b1', 'c2', 'a2', 'a3']);
    expect(queue.isEmpty).toBe(true);
  });

  test('keeps nothing of an address whose last one was served, or waits no longer', () => {
    const queue = new FairQueue<string>();
    queue.add('a', 'a1');
    expect(queue.isEmpty).toBe(false);
    expect(queue.next()).toBe('a1');
    expect(queue.isEmpty).toBe(true);
    queue.add('a', 'a2');
    queue.add('a', 'a3');
    queue.remove('a', 'a2');
    expect(queue.isEmpty).toBe(false);
    queue.remove('a', 'a3');
    expect(queue.isEmpty).toBe(true);
  });
});
