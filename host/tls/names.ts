// Names of the numbers of TLS, as the IANA registries write them. A number without a name is written in hexadecimal.
import { Alert, ContentType, ExtensionType, HandshakeType, SignatureScheme, Version } from './numbers.js';
import { CIPHER_SUITES } from './suites.js';

/** Complete by its type: a number that the house knows has a name. */
type Names<T extends number> = Readonly<Record<T, string>>;

const hexadecimal = (value: number, digits: number): string =>
  `0x${value.toString(16).padStart(digits, '0')}`;
const namesOf = (table: Readonly<Record<number, string>>, digits: number) => (value: number) =>
  table[value] ?? hexadecimal(value, digits);

const VERSIONS: Names<Version> = {
  [Version.Ssl30]: 'SSL 3.0',
  [Version.Tls10]: 'TLS 1.0',
  [Version.Tls11]: 'TLS 1.1',
  [Version.Tls12]: 'TLS 1.2',
  [Version.Tls13]: 'TLS 1.3',
};
export const versionName = namesOf(VERSIONS, 4);

/** RFC 5746 §3.3: stands among the suites of a ClientHello and is none. */
const RENEGOTIATION_SCSV = 0x00ff;

export const suiteName = (id: number): string =>
  id === RENEGOTIATION_SCSV
    ? 'TLS_EMPTY_RENEGOTIATION_INFO_SCSV'
    : (CIPHER_SUITES.get(id)?.name ?? hexadecimal(id, 4));

export const groupName = namesOf(
  {
    23: 'secp256r1',
    24: 'secp384r1',
    25: 'secp521r1',
    29: 'x25519',
    30: 'x448',
    256: 'ffdhe2048',
    257: 'ffdhe3072',
    258: 'ffdhe4096',
    259: 'ffdhe6144',
    260: 'ffdhe8192',
    4588: 'X25519MLKEM768',
  },
  4,
);

const SCHEMES: Names<SignatureScheme> = {
  [SignatureScheme.RsaMd5Sha1]: 'rsa_md5_sha1',
  [SignatureScheme.RsaPkcs1Sha1]: 'rsa_pkcs1_sha1',
  [SignatureScheme.DsaSha1]: 'dsa_sha1',
  [SignatureScheme.EcdsaSha1]: 'ecdsa_sha1',
  [SignatureScheme.RsaPkcs1Sha256]: 'rsa_pkcs1_sha256',
  [SignatureScheme.DsaSha256]: 'dsa_sha256',
  [SignatureScheme.EcdsaP256Sha256]: 'ecdsa_secp256r1_sha256',
  [SignatureScheme.RsaPkcs1Sha384]: 'rsa_pkcs1_sha384',
  [SignatureScheme.EcdsaP384Sha384]: 'ecdsa_secp384r1_sha384',
  [SignatureScheme.RsaPkcs1Sha512]: 'rsa_pkcs1_sha512',
  [SignatureScheme.RsaPssSha256]: 'rsa_pss_rsae_sha256',
  [SignatureScheme.RsaPssSha384]: 'rsa_pss_rsae_sha384',
  [SignatureScheme.RsaPssSha512]: 'rsa_pss_rsae_sha512',
  [SignatureScheme.Ed25519]: 'ed25519',
  [SignatureScheme.RsaPssKeySha256]: 'rsa_pss_pss_sha256',
  [SignatureScheme.RsaPssKeySha384]: 'rsa_pss_pss_sha384',
  [SignatureScheme.RsaPssKeySha512]: 'rsa_pss_pss_sha512',
};
/** Schemes that only a peer names. */
const SCHEMES_OF_PEERS = { 1539: 'ecdsa_secp521r1_sha512', 2055: 'ed25519', 2056: 'ed448' };
export const schemeName = namesOf({ ...SCHEMES_OF_PEERS, ...SCHEMES }, 4);

const EXTENSIONS: Names<ExtensionType> = {
  [ExtensionType.ServerName]: 'server_name',
  [ExtensionType.MaxFragmentLength]: 'max_fragment_length',
  [ExtensionType.SupportedGroups]: 'supported_groups',
  [ExtensionType.EcPointFormats]: 'ec_point_formats',
  [ExtensionType.SignatureAlgorithms]: 'signature_algorithms',
  [ExtensionType.Alpn]: 'application_layer_protocol_negotiation',
  [ExtensionType.Padding]: 'padding',
  [ExtensionType.EncryptThenMac]: 'encrypt_then_mac',
  [ExtensionType.ExtendedMasterSecret]: 'extended_master_secret',
  [ExtensionType.RecordSizeLimit]: 'record_size_limit',
  [ExtensionType.SessionTicket]: 'session_ticket',
  [ExtensionType.PreSharedKey]: 'pre_shared_key',
  [ExtensionType.EarlyData]: 'early_data',
  [ExtensionType.SupportedVersions]: 'supported_versions',
  [ExtensionType.Cookie]: 'cookie',
  [ExtensionType.PskKeyExchangeModes]: 'psk_key_exchange_modes',
  [ExtensionType.PostHandshakeAuth]: 'post_handshake_auth',
  [ExtensionType.SignatureAlgorithmsCert]: 'signature_algorithms_cert',
  [ExtensionType.KeyShare]: 'key_share',
  [ExtensionType.RenegotiationInfo]: 'renegotiation_info',
};
export const extensionName = namesOf(EXTENSIONS, 4);

const HANDSHAKES: Names<HandshakeType> = {
  [HandshakeType.HelloRequest]: 'HelloRequest',
  [HandshakeType.ClientHello]: 'ClientHello',
  [HandshakeType.ServerHello]: 'ServerHello',
  [HandshakeType.NewSessionTicket]: 'NewSessionTicket',
  [HandshakeType.EncryptedExtensions]: 'EncryptedExtensions',
  [HandshakeType.Certificate]: 'Certificate',
  [HandshakeType.ServerKeyExchange]: 'ServerKeyExchange',
  [HandshakeType.CertificateRequest]: 'CertificateRequest',
  [HandshakeType.ServerHelloDone]: 'ServerHelloDone',
  [HandshakeType.CertificateVerify]: 'CertificateVerify',
  [HandshakeType.ClientKeyExchange]: 'ClientKeyExchange',
  [HandshakeType.Finished]: 'Finished',
  [HandshakeType.KeyUpdate]: 'KeyUpdate',
  [HandshakeType.MessageHash]: 'message_hash',
};
export const handshakeName = namesOf(HANDSHAKES, 2);

const CONTENT_TYPES: Names<ContentType> = {
  [ContentType.ChangeCipherSpec]: 'change_cipher_spec',
  [ContentType.Alert]: 'alert',
  [ContentType.Handshake]: 'handshake',
  [ContentType.ApplicationData]: 'application_data',
};
export const contentTypeName = namesOf(CONTENT_TYPES, 2);

const ALERTS: Names<Alert> = {
  [Alert.CloseNotify]: 'close_notify',
  [Alert.UnexpectedMessage]: 'unexpected_message',
  [Alert.BadRecordMac]: 'bad_record_mac',
  [Alert.RecordOverflow]: 'record_overflow',
  [Alert.HandshakeFailure]: 'handshake_failure',
  [Alert.NoCertificate]: 'no_certificate',
  [Alert.BadCertificate]: 'bad_certificate',
  [Alert.UnsupportedCertificate]: 'unsupported_certificate',
  [Alert.CertificateRevoked]: 'certificate_revoked',
  [Alert.CertificateExpired]: 'certificate_expired',
  [Alert.CertificateUnknown]: 'certificate_unknown',
  [Alert.IllegalParameter]: 'illegal_parameter',
  [Alert.UnknownCa]: 'unknown_ca',
  [Alert.AccessDenied]: 'access_denied',
  [Alert.DecodeError]: 'decode_error',
  [Alert.DecryptError]: 'decrypt_error',
  [Alert.ProtocolVersion]: 'protocol_version',
  [Alert.InsufficientSecurity]: 'insufficient_security',
  [Alert.InternalError]: 'internal_error',
  [Alert.InappropriateFallback]: 'inappropriate_fallback',
  [Alert.UserCanceled]: 'user_canceled',
  [Alert.NoRenegotiation]: 'no_renegotiation',
  [Alert.MissingExtension]: 'missing_extension',
  [Alert.UnsupportedExtension]: 'unsupported_extension',
  [Alert.UnrecognizedName]: 'unrecognized_name',
  [Alert.BadCertificateStatusResponse]: 'bad_certificate_status_response',
  [Alert.UnknownPskIdentity]: 'unknown_psk_identity',
  [Alert.CertificateRequired]: 'certificate_required',
  [Alert.NoApplicationProtocol]: 'no_application_protocol',
};
export const alertName = namesOf(ALERTS, 2);
