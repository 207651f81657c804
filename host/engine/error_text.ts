// What each error of the wasm program means to a person, and what to do next. The type makes the table complete.
import type { ErrorCode } from '../../assembly/alert.js';

export type ErrorName = Exclude<keyof typeof ErrorCode, 'None'>;

const server = 'The server broke the protocol, or something changed its bytes on the way';
const ask = 'tell the person who runs the server';

export const errorText: Readonly<Record<ErrorName, string>> = {
  // Wrong use and resources
  Internal:
    'The TLS engine met a state that it should never reach; please report it with the version of Deputy.',
  WrongState:
    'The connection is not in a state for this call; look at its flags first, or open a new connection.',
  NoMemory: 'The wasm program ran out of memory; close connections that are no longer needed.',
  NoEntropy: 'The random generator was not seeded; call seed() with at least 32 bytes of entropy first.',
  BadArgument: 'The engine was given a value that it can’t use; check the options of the connection.',
  TooLong: 'A value is longer than the engine allows; shorten it or pass it in parts.',
  NoTime: 'The time is not set, so no certificate can be checked; give unixTime, and set the device’s clock.',
  NoTrust: 'No trusted roots are configured, so no server can be verified; add the CA certificates to trust.',
  BadPrivateKey:
    'The private key can’t be read; it must be DER in PKCS#8, PKCS#1 or SEC1 form, not encrypted.',
  UnsupportedKey: 'The kind of private key is not supported; use RSA of 2048 bits or more, P-256 or P-384.',
  GrantRefused:
    'This session can’t give that grant; choose another one, or another TLS version or cipher suite.',
  AlreadyDelivered: 'The session’s secret was delivered before; a connection delivers once, open a new one.',
  CookieTooLong: `The server asks the device to carry a cookie (HelloRetryRequest) that it has no room for; ${ask}.`,
  SequenceExhausted: 'The record numbers of this connection are used up; open a new connection.',
  BufferTooSmall: 'The buffer for the answer is too small; please report it with the version of Deputy.',
  // unexpected_message
  UnexpectedMessage: `A handshake message came out of its place. ${server}: ${ask}.`,
  UnexpectedRecord: `A record of a type came that is not allowed now. ${server}; is this a TLS port at all?`,
  UnexpectedChangeCipherSpec: `A ChangeCipherSpec came out of its place. ${server}: ${ask}.`,
  RenegotiationRefused: 'The server asked for a renegotiation, which is not done here; connect anew instead.',
  TooManyEmptyRecords:
    'The server sent too many records without content, so the connection was ended; try again.',
  // bad_record_mac
  BadRecordMac:
    'A record failed its integrity check: it was changed on the way, or the keys differ; connect anew.',
  // record_overflow
  RecordOverflow:
    'A record is longer than TLS allows; is this a TLS port at all? Check the address and port.',
  // handshake_failure
  HandshakeFailure:
    'No agreement on protocol parameters; allow more cipher suites or groups, or another version.',
  NoSecureRenegotiation: `The server does not indicate secure renegotiation (RFC 5746); ${ask}.`,
  NoExtendedMasterSecret:
    'The server resumed without extended master secret (RFC 7627); connect without a session.',
  // bad_certificate
  BadCertificate: `The server’s certificate can’t be used; ${ask}.`,
  CertificateDer: `A certificate of the server is not well-formed DER; ${ask}.`,
  CertificateSignature:
    'A signature in the certificate chain is wrong: forged or damaged. Don’t trust this server.',
  CertificateHostName:
    'The certificate is not for this host name; check the name, or ask for the right certificate.',
  CertificateBasicConstraints: `A certificate that is no CA signed another one. Don’t trust this server; ${ask}.`,
  CertificatePathLength: `The certificate chain is longer than one of its CAs allows; ${ask}.`,
  CertificateKeyUsage: `A certificate’s key is not meant for this use (keyUsage); ${ask}.`,
  CertificateExtendedKeyUsage: `The certificate is not meant for servers (extendedKeyUsage); ${ask}.`,
  CertificateNameConstraints: `A CA of the chain may not speak for this name (nameConstraints); ${ask}.`,
  CertificateTooLong: `The certificate chain has more bytes than the engine accepts (64 KiB); ${ask}.`,
  CertificatePathTooLong: `More than 11 certificates lead to the trusted root; ${ask}.`,
  TooManyCertificates: `The server sent more than 24 certificates; ${ask}.`,
  CertificateSearch: `The server’s certificates make a maze that the engine doesn’t search to its end; ${ask}.`,
  CertificateProfile: `A certificate breaks a rule that CAs have to keep (RFC 5280 §4); ${ask}.`,
  CertificatePolicy: `No certificate policy that a CA of the chain demands is left at its end; ${ask}.`,
  // unsupported_certificate
  CertificateAlgorithm: `A certificate names an algorithm that is not supported, or not consistently; ${ask}.`,
  CertificateCriticalExtension: `A certificate has a critical extension that is not known here; ${ask}.`,
  CertificateKey:
    'The certificate’s kind of key is not supported; ask for one with RSA, P-256, P-384 or Ed25519.',
  CertificateWeakSignature:
    'A certificate is signed with MD5 or SHA-1, which can be forged; ask for a new one.',
  CertificateWeakKey: 'A certificate has an RSA key of less than 2048 bits; ask for one with a longer key.',
  // certificate_expired
  CertificateExpired: 'A certificate has expired; check the device’s clock, or ask for a new certificate.',
  CertificateNotYetValid: 'A certificate is not valid yet; check the device’s clock.',
  // illegal_parameter
  IllegalParameter: `A field has a value that is not allowed. ${server}: ${ask}.`,
  BadKeyShare: `The server’s public key share is not a valid point. ${server}: ${ask}.`,
  DowngradeDetected:
    'Someone forced an older version of TLS on both ends; use another network, then try again.',
  BadSignatureScheme: `The server signed with a scheme that was not offered or doesn’t fit its key; ${ask}.`,
  // unknown_ca
  UnknownCa:
    'The certificate chain ends at no trusted root; add the right CA certificate, or don’t trust the server.',
  // decode_error
  DecodeError: `A message can’t be parsed. ${server}; is this a TLS port at all?`,
  // decrypt_error
  BadSignature:
    'The server’s handshake signature is wrong: it doesn’t hold the certificate’s key. Don’t trust it.',
  BadFinished: 'Both ends saw different handshakes: something changed it on the way; use another network.',
  // protocol_version
  ProtocolVersion: 'The server speaks no allowed version of TLS; allow an older one if you accept the risk.',
  // insufficient_security
  InsufficientSecurity: `The server’s parameters are too weak to be accepted; ${ask}.`,
  // missing_extension
  MissingExtension: `The server left out an extension that TLS demands. ${server}: ${ask}.`,
  // unsupported_extension
  UnsupportedExtension: `The server answered an extension that was not offered. ${server}: ${ask}.`,
  // no_application_protocol
  NoApplicationProtocol:
    'The server speaks none of the offered protocols (ALPN); check the port, or offer others.',
  // The peer and the transport
  PeerAlert: 'The server ended the connection with an alert',
  Truncated:
    'The connection ended without close_notify: what came may be cut short; don’t use it, and try again.',
};

/** What to do about an alert that the server sent, by its description (RFC 9846 §6); a plain retry for the rest. */
export const alertAdvice: Readonly<Record<number, string>> = {
  10: 'it takes our messages for out of place; is this a TLS port?',
  20: 'it could not verify a record of ours; connect anew',
  40: 'no agreement on parameters; allow more cipher suites, groups or versions',
  42: 'it can’t use the client certificate; give another one',
  43: 'it does not support the client certificate’s kind; give another one',
  44: 'the client certificate was revoked; get a new one',
  45: 'the client certificate has expired; get a new one',
  46: 'it does not accept the client certificate; give another one',
  48: 'it does not trust the client certificate’s CA; give a certificate of a CA that it knows',
  49: 'access is denied; check the credentials',
  70: 'it speaks no version of TLS that is allowed here; allow another one',
  71: 'it wants stronger parameters than were offered; allow more cipher suites or groups',
  80: 'it failed inside; try again later',
  86: 'it takes the version for a downgrade; allow newer versions',
  109: 'it misses an extension; allow newer versions of TLS',
  112: 'it doesn’t know this host name; check the name',
  116: 'it wants a client certificate; configure one',
  120: 'it speaks none of the offered protocols (ALPN); offer others',
};
