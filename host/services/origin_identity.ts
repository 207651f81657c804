// With whom a session is, and who says so.

/** With whom the client shook hands. */
export interface OriginIdentity {
  /** In lower case, as CONNECT asked for it. */
  readonly host: string;
  readonly port: number;
  /** The name in the client's hello (SNI); empty where it sent none. */
  readonly serverName: string;
  /**
   * SHA-256 of the certificate, hexadecimal. Read by the proxy itself where the session is verified, told by the client otherwise;
   * empty where neither knows.
   */
  readonly certificate: string;
  /** SHA-256 of the certificate that the client showed, hexadecimal; empty where it showed none, or nobody knows. */
  readonly clientCertificate: string;
  /**
   * The proxy knows itself every byte of content in the session, and that it is with `host`: the client's word counts for nothing.
   * Only what comes of such a session is good for others.
   */
  readonly verified: boolean;
  /** Names the roots by which that was judged, where it is so: other roots may say otherwise. */
  readonly judgedBy?: string;
  /** Why it is not. */
  readonly unverified?: string;
}
