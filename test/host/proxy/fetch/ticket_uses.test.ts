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

  test('is tried by one alone: who else would, waits, also where that one fails', () => {
    const all = granted(ticket(9));
    all.take().settle('resumed');
    const trial = all.take();
    expect(all.state).toBe('later');
    trial.settle('failed');
    expect(all.state).toBe('now');
    const again = all.take();
    expect(all.state).toBe('later');
    again.settle('resumed');
    // What is said later counts for nothing.
    again.settle('refused');
    expect(all.state).toBe('now');
    all.take();
    expect(all.state).toBe('now');
  });

  test('of a grant is one of eight, the newest of which is used first, and a used one goes first', () => {
    const first = ticket(99);
    const all = granted(first);
    const turn = all.take();
    const kept: Uint8Array[] = [];
    for (let i = 1; i <= 7; i++) turn.gained(ticket(1, { ticket: Uint8Array.of(i) }));
    expect(isWiped(first)).toBe(false);
    turn.gained(ticket(1, { ticket: Uint8Array.of(8) }));
    expect(isWiped(first)).toBe(true);
    turn.gained(ticket(1, { ticket: Uint8Array.of(9) }));
    for (let i = 0; i < 8; i++) kept.push(all.take().resumption.ticket);
    expect(kept.map(([number]) => number)).toEqual([9, 8, 7, 6, 5, 4, 3, 2]);
  });

  test('that the origin gives when nothing is left is not kept', () => {
    const all = granted(ticket(1));
    const turn = all.take();
    turn.gained(ticket(1));
    turn.settle('resumed');
    expect(all.expires).toBe(0);
  });

  test('runs out by its own clock, and with the grant', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const start = Date.now();
      expect(granted(ticket(1, { lifetime: 100 }), ticket(1, { lifetime: 50 })).expires).toBe(
        start + 100_000,
      );
      const mine = ticket(5, { lifetime: 100 });
      const all = new Granted(start + 40_000);
      all.add(mine);
      expect(all.expires).toBe(start + 40_000);
      const turn = all.take();
      vi.advanceTimersByTime(39_999);
      expect([all.isClosed, all.state]).toEqual([false, 'now']);
      vi.advanceTimersByTime(1);
      expect(all.isClosed).toBe(true);
      expect(isWiped(mine)).toBe(true);
      expect(() => all.take()).toThrow(spent);
      // What is under way may end.
      turn.settle('unused');
      expect(all.left).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test('is dropped when it has run out, also where another is asked for', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const brief = ticket(5, { lifetime: 10 });
      const all = granted(brief);
      vi.advanceTimersByTime(10_000);
      expect(all.isClosed).toBe(false);
      expect(isWiped(brief)).toBe(true);
      const second = ticket(5, { lifetime: 10 });
      all.add(second);
      vi.advanceTimersByTime(10_000);
      expect(() => all.take()).toThrow(/can not be used any more/);
      expect(isWiped(second)).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  test('of eight grants is kept, and the oldest grant gives way', () => {
    const oldest = ticket(1);
    const all = granted(oldest, ...Array.from({ length: 7 }, () => ticket(1)));
    expect([all.left, isWiped(oldest)]).toEqual([8, false]);
    all.add(ticket(1));
    expect([all.left, isWiped(oldest)]).toEqual([8, true]);
    expect(all.state).toBe('now');
  });

  test('that is used up is gone, while turns with it are under way', () => {
    const mine = ticket(2);
    const all = granted(mine);
    const [one, other] = [all.take(), all.take()];
    expect(all.state).toBe('never');
    one.settle('resumed');
    expect(isWiped(mine)).toBe(false);
    other.settle('unused');
    expect([all.left, all.state]).toEqual([1, 'now']);
    all.take().settle('resumed');
    expect(isWiped(mine)).toBe(true);
    expect(() => all.take()).toThrow(/as many connections as the client granted/);
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
