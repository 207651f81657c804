import { describe, expect, test } from 'vitest';
import { DeputyError } from '../../../host/delegation/error.js';
import { GRANT_NAMES, Grant, grantName, grantPower, parseGrant } from '../../../host/delegation/grant.js';
import {
  authority,
  isHost,
  matchesOrigin,
  parseAuthority,
  parseOriginPattern,
} from '../../../host/delegation/origin.js';
import {
  type Asker,
  DelegationPolicy,
  type PolicyQuestion,
  requireGrant,
} from '../../../host/delegation/policy.js';

const question = (host: string, asker: Asker = 'request', port = 443) => ({ host, port, asker, reason: '' });

describe('the policy', () => {
  test('denies by default', async () => {
    expect(await new DelegationPolicy().decide(question('example.com'))).toBeUndefined();
    expect(new DelegationPolicy().allowsUndelegated).toBe(false);
  });

  test('takes the first rule that matches', async () => {
    const policy = new DelegationPolicy({
      rules: [
        { origin: 'bank.example.com', decision: 'deny' },
        { origin: '*.example.com', decision: 'session' },
        { origin: '*', decision: 'full', asker: 'tunnel' },
      ],
    });
    expect(await policy.decide(question('bank.example.com'))).toBeUndefined();
    expect(await policy.decide(question('BANK.example.com.'))).toBeUndefined();
    expect(await policy.decide(question('www.example.com'))).toMatchObject({
      grant: Grant.Session,
      uses: 4,
      expires: 0,
    });
    expect(await policy.decide(question('example.com'))).toBeUndefined();
    expect(await policy.decide(question('cdn.example.net'))).toBeUndefined();
    expect(await policy.decide(question('cdn.example.net', 'tunnel'))).toMatchObject({ grant: Grant.Full });
  });

  test('asks where a rule says so, and denies when nobody answers', async () => {
    const asked: PolicyQuestion[] = [];
    const rules = [{ origin: '*', decision: 'ask' as const }];
    const policy = new DelegationPolicy({
      rules,
      ask: async (what) => {
        asked.push(what);
        return what.host === 'yes.example' ? 'session' : 'deny';
      },
    });
    expect(await policy.decide(question('yes.example'))).toMatchObject({ grant: Grant.Session });
    expect(await policy.decide({ ...question('no.example', 'tunnel'), reason: 'a picture' })).toBeUndefined();
    expect(asked.map((what) => [what.host, what.asker, what.reason])).toEqual([
      ['yes.example', 'request', ''],
      ['no.example', 'tunnel', 'a picture'],
    ]);
    expect(await new DelegationPolicy({ rules }).decide(question('yes.example'))).toBeUndefined();
  });

  test('refuses rules that mean nothing', () => {
    const make =
      (origin: string, decision = 'session') =>
      () =>
        new DelegationPolicy({ rules: [{ origin, decision: decision as 'session' }] });
    for (const origin of ['', 'a..b', 'ex*mple.com', '*.', 'a b', 'host:0', 'host:70000', 'https://host']) {
      expect(make(origin), origin).toThrow(DeputyError);
    }
    expect(make('example.com', 'everything')).toThrow(/neither deny, ask nor a grant/);
  });

  test('bounds what it grants', async () => {
    const bounded = { origin: 'a.example', decision: 'resume' as const, uses: 2, expires: 60 };
    expect(await new DelegationPolicy({ rules: [bounded] }).decide(question('a.example'))).toEqual({
      grant: Grant.Resume,
      uses: 2,
      expires: 60,
    });
    for (const change of [{ uses: 1 }, { uses: 65_535 }, { expires: 1 }, { expires: 2_147_483 }]) {
      expect(() => new DelegationPolicy({ rules: [{ ...bounded, ...change }] })).not.toThrow();
    }
    for (const change of [{ uses: 0 }, { uses: 65_536 }, { uses: 1.5 }, { expires: 0 }, { expires: 1e9 }]) {
      expect(() => new DelegationPolicy({ rules: [{ ...bounded, ...change }] })).toThrow(/whole number/);
    }
  });

  test('knows which grants a TLS version has', () => {
    expect(() => requireGrant(Grant.Epoch, 0x0303, 'a.example', 443)).toThrow(/choose another grant/);
    expect(() => requireGrant(Grant.Epoch, 0x0304, 'a.example', 443)).not.toThrow();
  });
});

describe('grants', () => {
  test('have names that parse back, and numbers that the wasm program shares', () => {
    expect(GRANT_NAMES).toEqual(['observe', 'epoch', 'session', 'resume', 'full']);
    for (const name of GRANT_NAMES) expect(grantName(parseGrant(name)!)).toBe(name);
    expect(parseGrant('all')).toBeUndefined();
    expect([Grant.Observe, Grant.Epoch, Grant.Session, Grant.Resume, Grant.Full]).toEqual([1, 2, 3, 4, 5]);
  });

  test('observe never writes; only resume and the master secret of TLS 1.2 open further connections', () => {
    for (const version of [0x0303, 0x0304]) {
      expect(grantPower(Grant.Observe, version)).toMatchObject({
        reads: true,
        writes: false,
        resumes: false,
      });
      expect(grantPower(Grant.Session, version)).toMatchObject({ writes: true, resumes: false });
      expect(grantPower(Grant.Resume, version)).toMatchObject({ resumes: true });
    }
    expect(grantPower(Grant.Full, 0x0303)).toMatchObject({ resumes: true });
    expect(grantPower(Grant.Full, 0x0304)).toMatchObject({ resumes: false });
  });
});

describe('names of origins', () => {
  test.each([
    ['example.com:443', { host: 'example.com', port: 443 }],
    ['[::1]:8443', { host: '::1', port: 8443 }],
    ['127.0.0.1:1', { host: '127.0.0.1', port: 1 }],
    ['example.com', undefined],
    ['::1:443', undefined],
    ['example.com:0', undefined],
    ['example.com:65536', undefined],
    ['exa mple.com:1', undefined],
    ['a\r\nb:1', undefined],
    ['-a.example:1', undefined],
  ])('%j', (text, expected) => {
    expect(parseAuthority(text)).toEqual(expected);
    if (expected) expect(authority(expected.host, expected.port)).toBe(text);
  });

  test('a host alone takes the default port', () => {
    expect(parseAuthority('example.com', 443)).toEqual({ host: 'example.com', port: 443 });
    expect(parseAuthority('[::1]', 443)).toEqual({ host: '::1', port: 443 });
  });

  test('a wildcard matches below a domain, not the domain itself, nor a name that only ends alike', () => {
    const pattern = parseOriginPattern('*.Example.com')!;
    expect(matchesOrigin(pattern, 'a.b.example.COM', 1)).toBe(true);
    expect(matchesOrigin(pattern, 'example.com', 1)).toBe(false);
    expect(matchesOrigin(pattern, '.example.com', 1)).toBe(false);
    expect(matchesOrigin(pattern, 'badexample.com', 1)).toBe(false);
  });

  test('a port in the pattern is the only one that matches', () => {
    const pattern = parseOriginPattern('*:8443')!;
    expect(matchesOrigin(pattern, 'any.example', 8443)).toBe(true);
    expect(matchesOrigin(pattern, 'any.example', 443)).toBe(false);
    expect(isHost('a'.repeat(254))).toBe(false);
  });
});
