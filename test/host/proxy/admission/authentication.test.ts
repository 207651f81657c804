// Who a token, a password or a certificate admits.
import type { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { Authenticator, wantsMirror } from '../../../../host/proxy/admission/authentication.js';

const TOKENS = [
  { name: 'ann', token: 'token-of-ann' },
  { name: 'bob', token: 'token-of-bob~+/==' },
];
const them = new Authenticator(TOKENS);
const basic = (text: string, scheme = 'Basic') => `${scheme} ${Buffer.from(text).toString('base64')}`;

describe('a header', () => {
  test.each([
    ['Bearer token-of-ann', 'token:ann'],
    ['bearer   token-of-ann ', 'token:ann'],
    ['Bearer token-of-bob~+/==', 'token:bob'],
    [basic('ann:token-of-ann'), 'token:ann'],
    [basic(':token-of-bob~+/=='), 'token:bob'],
    // The user's name says nothing of who it is.
    [basic('bob:token-of-ann', 'BASIC'), 'token:ann'],
    [`${basic('mirror+x:token-of-ann')} `, 'token:ann'],
  ])('%s is of %s', (header, name) => {
    expect(them.byHeader(header)).toEqual({ name });
  });

  test.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer token-of-an',
    'Bearer token-of-ann2',
    'Bearer token-of-ann, Bearer x',
    'Bearer token-of-ann x',
    'x Bearer token-of-ann',
    'Bearertoken-of-ann',
    'Digest token-of-ann',
    'token-of-ann',
    basic('token-of-ann'),
    basic('ann:'),
    basic('ann:token-of-ann:'),
    `${basic('ann:token-of-ann')} x`,
    `x ${basic('ann:token-of-ann')}`,
    'Basic ann:token-of-ann',
  ])('%s is of nobody', (header) => {
    expect(them.byHeader(header)).toBeUndefined();
  });

  test.each([
    [basic('mirror:x'), true],
    [basic('mirror+ann:x'), true],
    [basic('mirrors:x'), false],
    [basic('ann+mirror:x'), false],
    [basic('ann:mirror'), false],
    ['Bearer mirror', false],
    [undefined, false],
  ])('%s wants a mirror leg: %s', (header, wants) => {
    expect(wantsMirror(header)).toBe(wants);
  });
});

describe('tokens', () => {
  test('admit until others take their place', () => {
    const some = new Authenticator(TOKENS);
    some.replace([{ name: 'eve', token: '12345678' }]);
    expect(some.byToken('token-of-ann')).toBeUndefined();
    expect(some.byToken('12345678')).toEqual({ name: 'token:eve' });
    expect(() => some.replace([{ name: 'eve', token: '1234567' }])).toThrow(/the token of eve is too short/);
    expect(some.byToken('12345678')).toEqual({ name: 'token:eve' });
    some.replace([]);
    expect(some.byToken('12345678')).toBeUndefined();
  });

  test('admit as nobody who is not there', () => {
    expect(new Authenticator([]).byToken('')).toBeUndefined();
    expect(() => new Authenticator([{ name: 'ann', token: '' }])).toThrow(TypeError);
  });
});

describe('a certificate', () => {
  const socket = (authorized: boolean, certificate: object) =>
    ({ authorized, getPeerCertificate: () => certificate }) as unknown as TLSSocket;
  const certificate = { fingerprint256: 'AB:CD:0F', subject: { CN: 'device 7' } };

  test('that the handshake accepted is told by its name and all of its bytes', () => {
    expect(them.byCertificate(socket(true, certificate))).toEqual({ name: 'certificate:device 7:abcd0f' });
    expect(them.byCertificate(socket(true, { fingerprint256: 'AB' }))).toEqual({ name: 'certificate::ab' });
    expect(them.byCertificate(socket(true, { fingerprint256: 'AB', subject: {} }))).toEqual({
      name: 'certificate::ab',
    });
  });

  test('that it did not accept, or that is not there, admits nobody', () => {
    expect(them.byCertificate(socket(false, certificate))).toBeUndefined();
    expect(them.byCertificate(socket(true, {}))).toBeUndefined();
  });
});
