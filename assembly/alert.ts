// The one table of alerts and errors. Plain enums only: the host imports this same file, so that both sides agree.

/** TLS alert descriptions (RFC 9846 §6, RFC 5246 §7.2). */
export enum Alert {
  CloseNotify = 0,
  UnexpectedMessage = 10,
  BadRecordMac = 20,
  RecordOverflow = 22,
  HandshakeFailure = 40,
  /** SSL 3.0 alone (RFC 6101 §5.4.2). */
  NoCertificate = 41,
  BadCertificate = 42,
  UnsupportedCertificate = 43,
  CertificateRevoked = 44,
  CertificateExpired = 45,
  CertificateUnknown = 46,
  IllegalParameter = 47,
  UnknownCa = 48,
  AccessDenied = 49,
  DecodeError = 50,
  DecryptError = 51,
  ProtocolVersion = 70,
  InsufficientSecurity = 71,
  InternalError = 80,
  InappropriateFallback = 86,
  UserCanceled = 90,
  NoRenegotiation = 100,
  MissingExtension = 109,
  UnsupportedExtension = 110,
  UnrecognizedName = 112,
  BadCertificateStatusResponse = 113,
  UnknownPskIdentity = 115,
  CertificateRequired = 116,
  NoApplicationProtocol = 120,
}

/**
 * What the wasm program returns instead of a length or 0. A code is `-(alert * 256 + detail)`: the alert that the
 * error sends stands in the number, so no second table can disagree. Codes without an alert of their own
 * (wrong use by the host, exhausted memory) carry InternalError.
 */
export enum ErrorCode {
  None = 0,
  // Wrong use and resources: internal_error (80)
  Internal = -20480,
  WrongState = -20481,
  NoMemory = -20482,
  NoEntropy = -20483,
  BadArgument = -20484,
  TooLong = -20485,
  NoTime = -20486,
  NoTrust = -20487,
  BadPrivateKey = -20488,
  UnsupportedKey = -20489,
  GrantRefused = -20490,
  AlreadyDelivered = -20491,
  SequenceExhausted = -20492,
  BufferTooSmall = -20493,
  CookieTooLong = -20494,
  // unexpected_message (10)
  UnexpectedMessage = -2560,
  UnexpectedRecord = -2561,
  UnexpectedChangeCipherSpec = -2562,
  RenegotiationRefused = -2563,
  TooManyEmptyRecords = -2564,
  // bad_record_mac (20)
  BadRecordMac = -5120,
  // record_overflow (22)
  RecordOverflow = -5632,
  // handshake_failure (40)
  HandshakeFailure = -10240,
  NoSecureRenegotiation = -10241,
  NoExtendedMasterSecret = -10242,
  // bad_certificate (42)
  BadCertificate = -10752,
  CertificateDer = -10753,
  CertificateSignature = -10754,
  CertificateHostName = -10755,
  CertificateBasicConstraints = -10756,
  CertificatePathLength = -10757,
  CertificateKeyUsage = -10758,
  CertificateExtendedKeyUsage = -10759,
  CertificateNameConstraints = -10760,
  CertificateTooLong = -10761,
  CertificatePathTooLong = -10762,
  TooManyCertificates = -10763,
  CertificateSearch = -10764,
  CertificateProfile = -10765,
  CertificatePolicy = -10766,
  // unsupported_certificate (43)
  CertificateCriticalExtension = -11008,
  CertificateKey = -11009,
  CertificateWeakSignature = -11010,
  CertificateWeakKey = -11011,
  CertificateAlgorithm = -11012,
  // certificate_expired (45)
  CertificateExpired = -11520,
  CertificateNotYetValid = -11521,
  // illegal_parameter (47)
  IllegalParameter = -12032,
  BadKeyShare = -12033,
  DowngradeDetected = -12034,
  BadSignatureScheme = -12035,
  // unknown_ca (48)
  UnknownCa = -12288,
  // decode_error (50)
  DecodeError = -12800,
  // decrypt_error (51)
  BadSignature = -13056,
  BadFinished = -13057,
  // protocol_version (70)
  ProtocolVersion = -17920,
  // insufficient_security (71)
  InsufficientSecurity = -18176,
  // missing_extension (109)
  MissingExtension = -27904,
  // unsupported_extension (110)
  UnsupportedExtension = -28160,
  // no_application_protocol (120)
  NoApplicationProtocol = -30720,
  // Closed by the peer: nothing is sent back. Detail = the alert received: `PeerAlert - description`.
  PeerAlert = -65536,
  // The transport ended without close_notify (RFC 9846 §6.1); told by the host.
  Truncated = -66000,
}
