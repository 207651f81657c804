// Numbers of the wire (IANA TLS registries). Plain enums only, so that tests import this same file.

export enum ContentType {
  ChangeCipherSpec = 20,
  Alert = 21,
  Handshake = 22,
  ApplicationData = 23,
}

export enum HandshakeType {
  HelloRequest = 0,
  ClientHello = 1,
  ServerHello = 2,
  NewSessionTicket = 4,
  EncryptedExtensions = 8,
  Certificate = 11,
  ServerKeyExchange = 12,
  CertificateRequest = 13,
  ServerHelloDone = 14,
  CertificateVerify = 15,
  ClientKeyExchange = 16,
  Finished = 20,
  KeyUpdate = 24,
  /** RFC 9846 §4.1: never sent, stands for the first ClientHello in the transcript after a HelloRetryRequest. */
  MessageHash = 254,
}

export enum ExtensionType {
  ServerName = 0,
  MaxFragmentLength = 1,
  SupportedGroups = 10,
  EcPointFormats = 11,
  SignatureAlgorithms = 13,
  Alpn = 16,
  Padding = 21,
  EncryptThenMac = 22,
  ExtendedMasterSecret = 23,
  RecordSizeLimit = 28,
  SessionTicket = 35,
  PreSharedKey = 41,
  EarlyData = 42,
  SupportedVersions = 43,
  Cookie = 44,
  PskKeyExchangeModes = 45,
  PostHandshakeAuth = 49,
  SignatureAlgorithmsCert = 50,
  KeyShare = 51,
  RenegotiationInfo = 65281,
}

export enum SignatureScheme {
  /** No number of the wire: what RSA signs by in TLS 1.1 and before, MD5 and SHA-1 one after the other (RFC 2246 §7.4.3). */
  RsaMd5Sha1 = 0x0001,
  RsaPkcs1Sha1 = 0x0201,
  DsaSha1 = 0x0202,
  EcdsaSha1 = 0x0203,
  RsaPkcs1Sha256 = 0x0401,
  DsaSha256 = 0x0402,
  EcdsaP256Sha256 = 0x0403,
  RsaPkcs1Sha384 = 0x0501,
  EcdsaP384Sha384 = 0x0503,
  RsaPkcs1Sha512 = 0x0601,
  RsaPssSha256 = 0x0804,
  RsaPssSha384 = 0x0805,
  RsaPssSha512 = 0x0806,
  Ed25519 = 0x0807,
  RsaPssKeySha256 = 0x0809,
  RsaPssKeySha384 = 0x080a,
  RsaPssKeySha512 = 0x080b,
}

export enum Version {
  Ssl30 = 0x0300,
  Tls10 = 0x0301,
  Tls11 = 0x0302,
  Tls12 = 0x0303,
  Tls13 = 0x0304,
}

/** What a delivery hands over. */
export enum Grant {
  Observe = 1,
  Epoch = 2,
  Session = 3,
  Resume = 4,
  Full = 5,
}

/** What a connection's `delivered` says. */
export enum Delivery {
  None = 0,
  Delivered = 1,
  /** Delivered for an epoch: the session may be taken back. */
  Epoch = 2,
  /** Nothing is left but what tickets need. */
  Retired = 3,
}

/** Bits of `flags`. */
export enum Flag {
  OutputPending = 1,
  WantsInput = 2,
  PlaintextRoom = 4,
  PlaintextReady = 8,
  HandshakeDone = 16,
  Closed = 32,
  PeerClosed = 64,
  Failed = 128,
  SessionReady = 256,
  Delivered = 512,
  CertificateRequested = 1024,
}
