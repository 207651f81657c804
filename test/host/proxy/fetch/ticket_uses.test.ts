// How far a grant goes: counted uses, tickets that are taken once or often, expiry, and the wiping of what is over.
import { describe, expect, test, vi } from 'vitest';
import type { Resumption } from '../../../../host/delegation/resumption.js';
import { Granted } from '../../../../host/proxy/fetch/ticket_uses.js';

function ticket(uses: number, changes: Partial<Resumption> = {}): Resumption {
  return {
    protocolVersion: 0x0304,
    cipherSuite: 0x1301,
    extendedMasterSecret: false,
    uses,
    serverName: 'origin.test',
    alpn: 'http/1.1',
    certificateHash: new Uint8Array(32),
    lifetime: 7200,
    ageAdd: 1,
    age: 0,
    sessionId: new Uint8Array(0),
    ticket: Uint8Array.of(1),
    secret: new Uint8Array(32).fill(1),
    ...changes,
  };
}

function granted(...resumptions: Resumption[]): Granted {
  const all = new Granted();
  for (const resumption of resumptions) all.add(resumption);
  return all;
}

const isWiped = ({ secret }: Resumption) => secret.every((byte) => byte === 0);
const spent = expect.objectContaining({ code: 'RESUMPTION_SPENT' });

describe('a grant of n uses', () => {
  test('opens n connections, and then no more', () => {
    const mine = ticket(3);
    const all = granted(mine);
    for (let i = 0; i < 3; i++) {
      expect(all.state).toBe('now');
      all.take().settle('resumed');
    }
    expect(all.left).toBe(0);
    expect(all.state).toBe('never');
    expect(() => all.take()).toThrow(spent);
    expect(isWiped(mine)).toBe(true);
  });

  test('is not made larger by what the origin gives on those connections', () => {
    const all = granted(ticket(2));
    const turn = all.take();
    turn.settle('resumed');
    for (let i = 0; i < 20; i++) turn.gained(ticket(65_535, { ticket: Uint8Array.of(i) }));
    all.take().settle('resumed');
    expect(all.state).toBe('never');
  });

  test('counts an attempt that the origin saw, and no other', () => {
    const all = granted(ticket(2));
    all.take().settle('unused');
    expect(all.left).toBe(2);
    all.take().settle('failed');
    expect(all.left).toBe(1);
    const turn = all.take();
    turn.settle('resumed');
    turn.settle('unused');
    expect(all.left).toBe(0);
  });

  test('adds up with others of the same session', () => {
    const all = granted(ticket(1), ticket(2));
    expect(all.left).toBe(3);
    for (let i = 0; i < 3; i++) all.take().settle('resumed');
    expect(all.state).toBe('never');
  });
});

describe('a ticket', () => {
  test('that was not used goes before one that was', () => {
    const all = granted(ticket(9));
    const turn = all.take();
    turn.settle('resumed');
    turn.gained(ticket(1, { ticket: Uint8Array.of(2) }));
    expect(all.take().resumption.ticket).toEqual(Uint8Array.of(2));
  });

  test('is tried a second time by one connection, and by many once that worked', () => {
    const all = granted(ticket(9));
    const first = all.take();
    const second = all.take();
    expect(all.state).toBe('later');
    first.settle('resumed');
    expect(all.state).toBe('later');
    second.settle('resumed');
    all.take();
    all.take();
    expect(all.state).toBe('now');
  });

  test('that is refused the second time is never tried a third time; a fresh one is used once', () => {
    const mine = ticket(9);
    const all = granted(mine);
    const first = all.take();
    first.settle('resumed');
    all.take().settle('refused');
    expect(isWiped(mine)).toBe(true);
    expect(all.state).toBe('never');
    first.gained(ticket(1, { ticket: Uint8Array.of(2) }));
    expect(all.state).toBe('now');
    all.take().settle('resumed');
    expect(all.state).toBe('never');
    expect(all.left).toBe(6);
  });

  test('is used within its lifetime alone', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const mine = ticket(5, { lifetime: 100, age: 40_000 });
      const all = granted(mine);
      vi.advanceTimersByTime(59_000);
      expect(all.state).toBe('now');
      vi.advanceTimersByTime(1000);
      expect(all.state).toBe('never');
      expect(() => all.take()).toThrow(spent);
      expect(isWiped(mine)).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  test('is wiped when the grant is closed, and its copies when they are settled', () => {
    const mine = ticket(5);
    const all = granted(mine);
    const turn = all.take();
    expect(turn.resumption.secret).toEqual(new Uint8Array(32).fill(1));
    all.close();
    expect(isWiped(mine)).toBe(true);
    turn.settle('failed');
    expect(isWiped(turn.resumption)).toBe(true);
    const late = ticket(5);
    all.add(late);
    expect(isWiped(late)).toBe(true);
    expect(all.state).toBe('never');
  });
});
