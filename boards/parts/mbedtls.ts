// mbedTLS's sources, for the benchmark.
import { join } from 'node:path';
import { partSources } from './debian_source.js';

export const mbedtlsPin = {
  title: 'mbedTLS',
  version: '2.28.3',
  package: 'mbedtls',
  suite: 'bookworm',
  sha256: '3b4953aa55a681e084d31892d9904cc5328d6b4958ea57b90ae4b4f94ae69a8d',
  variable: 'MBEDTLS_DIR',
  witness: 'library/ssl_msg.c',
};

const units = [
  ...['aes', 'asn1parse', 'asn1write', 'bignum', 'chacha20', 'chachapoly', 'cipher', 'cipher_wrap'],
  ...['constant_time', 'des', 'ecdh', 'ecdsa', 'ecp', 'ecp_curves', 'gcm', 'hkdf', 'hmac_drbg', 'md', 'md5'],
  ...['oid', 'pk', 'pk_wrap', 'pkparse', 'platform', 'platform_util', 'poly1305', 'rsa', 'rsa_internal'],
  ...['sha1', 'sha256', 'sha512', 'ssl_ciphersuites', 'ssl_cli', 'ssl_msg', 'ssl_tls'],
];

/** `{ files, include }`: what to compile, and the folders of its headers. */
export function mbedtls() {
  const folder = partSources(mbedtlsPin);
  return {
    files: units.map((name) => join(folder, 'library', `${name}.c`)),
    include: [join(folder, 'include'), join(folder, 'library')],
  };
}
