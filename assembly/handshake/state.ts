// The states of the client. A plain enum, so that tests import this same file.

/** Names say what is awaited. */
export enum State {
  Idle = 0,
  ExpectServerHello = 1,
  /** After a HelloRetryRequest: a second one is refused (RFC 9846 §4.2.4). */
  ExpectRetriedServerHello = 2,
  ExpectEncryptedExtensions = 3,
  ExpectCertificateOrRequest = 4,
  ExpectCertificate = 5,
  ExpectCertificateVerify = 6,
  ExpectFinished = 7,
  /** TLS 1.3 is up: tickets and key updates come beside application data. */
  Connected = 8,
  // TLS 1.2 from here on; its ChangeCipherSpec is a record of its own, and a state of its own.
  ExpectServerCertificate = 9,
  ExpectServerKeyExchange = 10,
  ExpectRequestOrDone = 11,
  ExpectServerHelloDone = 12,
  ExpectTicket = 13,
  ExpectChangeCipherSpec = 14,
  ExpectServerFinished = 15,
  /** TLS 1.2 is up: HelloRequest is answered by a warning. */
  Established = 16,
  Closed = 17,
}
