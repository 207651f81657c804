import { describe, expect, test } from 'vitest';
import { Alert, ErrorCode } from '../../../assembly/alert.js';
import { alertName, checked, errorCode, TlsError, tlsError } from '../../../host/engine/error.js';
import { alertAdvice, type ErrorName, errorText } from '../../../host/engine/error_text.js';

const names = Object.keys(ErrorCode).filter(
  (name) => Number.isNaN(Number(name)) && name !== 'None',
) as ErrorName[];

describe('errors of the engine', () => {
  test('every code has a text of its own that says what to do', () => {
    expect(Object.keys(errorText).sort()).toEqual([...names].sort());
    for (const name of names) expect(errorText[name].length, name).toBeGreaterThan(30);
    expect(new Set(Object.values(errorText)).size).toBe(names.length);
  });

  test('every code has a stable name', () => {
    expect(errorCode('UnknownCa')).toBe('TLS_UNKNOWN_CA');
    expect(errorCode('CertificateExtendedKeyUsage')).toBe('TLS_CERTIFICATE_EXTENDED_KEY_USAGE');
    expect(errorCode('BadRecordMac')).toBe('TLS_BAD_RECORD_MAC');
    for (const name of names) expect(errorCode(name)).toMatch(/^TLS(_[A-Z]+)+$/);
    expect(new Set(names.map(errorCode)).size).toBe(names.length);
  });

  test('the alert that is sent stands in the code', () => {
    expect(tlsError(ErrorCode.UnknownCa).alert).toBe(Alert.UnknownCa);
    expect(tlsError(ErrorCode.CertificateHostName).alert).toBe(Alert.BadCertificate);
    expect(tlsError(ErrorCode.NoApplicationProtocol).alert).toBe(Alert.NoApplicationProtocol);
    expect(tlsError(ErrorCode.Truncated).alert).toBeUndefined();
    for (const name of names) {
      const { alert } = tlsError(ErrorCode[name]);
      if (alert !== undefined) expect(Alert[alert], name).toBeDefined();
    }
  });

  test('an alert of the server is named, with what to do about it', () => {
    const error = tlsError(ErrorCode.PeerAlert - Alert.HandshakeFailure);
    expect(error).toMatchObject({ name: 'TlsError', code: 'TLS_PEER_ALERT', alert: 40 });
    expect(error.message).toBe(
      'The server ended the connection with an alert handshake_failure (40): no agreement on parameters; allow more cipher suites, groups or versions.',
    );
    expect(tlsError(ErrorCode.PeerAlert - 200).message).toContain('alert 200 (200).');
    for (const alert of Object.keys(alertAdvice)) expect(Alert[Number(alert)]).toBeDefined();
    expect(alertName(Alert.BadCertificateStatusResponse)).toBe('bad_certificate_status_response');
  });

  test('a number that is in no table is an internal error that shows it', () => {
    expect(tlsError(-7)).toMatchObject({ code: 'TLS_INTERNAL', message: expect.stringContaining('(-7)') });
  });

  test('results that are no error pass through', () => {
    expect(checked(0)).toBe(0);
    expect(checked(17)).toBe(17);
    expect(() => checked(ErrorCode.NoTime, 'unixTime')).toThrow(TlsError);
    expect(() => checked(ErrorCode.NoTime, 'unixTime')).toThrow(/^unixTime: The time is not set/);
  });
});
