// The statuses of deputy.h, and which of them an error is.

/** In the order of the enum. */
export const STATUSES = [
  ...['OK', 'NO_MEMORY', 'NO_ENTROPY', 'BAD_OPTION', 'BAD_CALL', 'NO_CONNECTION', 'NOT_TRUSTED', 'TLS'],
  ...['DENIED', 'PROXY', 'TIMEOUT', 'INCOMPLETE', 'BAD_ANSWER', 'CANCELLED', 'ENDED', 'FAILED'],
] as const;

/** The first pattern that matches a code decides. */
const KINDS: readonly (readonly [RegExp, (typeof STATUSES)[number]])[] = [
  [/^(CANCELLED)$/, 'CANCELLED'],
  [/^(NO_ENTROPY|TLS_NO_ENTROPY)$/, 'NO_ENTROPY'],
  [/^TLS_NO_MEMORY$/, 'NO_MEMORY'],
  [
    /^(BAD_PEM|BAD_OPTIONS|REQUEST_BAD.*|POLICY_BAD_RULE|TLS_BAD_ARGUMENT|TLS_NO_TRUST|TLS_NO_TIME)$/,
    'BAD_OPTION',
  ],
  [/^(TLS_BAD_PRIVATE_KEY|TLS_UNSUPPORTED_KEY|GRANT_UNAVAILABLE|NO_PROXY)$/, 'BAD_OPTION'],
  [/^(POLICY_DENIED|TUNNEL_DENIED|NOT_DELEGATED)$/, 'DENIED'],
  [/^(NO_ANSWER|NO_WELCOME|NOT_ACTIVATED|RESPONSE_TIMEOUT|TIMEOUT|BODY_TIMEOUT|TARGET_TIMEOUT)$/, 'TIMEOUT'],
  [/^(CONNECTION_FAILED|TARGET_UNREACHABLE|PROXY_UNREACHABLE)$/, 'NO_CONNECTION'],
  [
    /^TLS_(CERTIFICATE.*|BAD_CERTIFICATE|UNKNOWN_CA|TOO_MANY_CERTIFICATES|BAD_SIGNATURE.*|NO_CERTIFICATE)$/,
    'NOT_TRUSTED',
  ],
  [
    /^(TLS_TRUNCATED|TRUNCATED|SESSION_CLOSED|ORIGIN_GONE|CLIENT_GONE|END_UNPROVED|HTTP_TRUNCATED)$/,
    'INCOMPLETE',
  ],
  [/^(HTTP_NO_RESPONSE|CONTENT_DAMAGED|REVOKED|EXPIRED|STOPPING|ENDED)$/, 'INCOMPLETE'],
  [/^(TLS_INTERNAL|TLS_ENGINE_STOPPED|TLS_WRONG_STATE|TLS_BUFFER_TOO_SMALL|NO_PROGRAM)$/, 'FAILED'],
  [/^TLS_/, 'TLS'],
  [/^(HTTP_.*|REDIRECT.*|START_TLS_FAILED|BAD_RESPONSE|HTTP2_UNSUPPORTED)$/, 'BAD_ANSWER'],
  [/^CLOSED$/, 'ENDED'],
  // What is left of stable codes is said by the proxy, or about it.
  [/^[A-Z][A-Z0-9_]+$/, 'PROXY'],
];

/** The number in the enum; of an error without a code `FAILED`. */
export const statusOf = (code: string | undefined): number =>
  STATUSES.indexOf(KINDS.find(([pattern]) => pattern.test(code ?? ''))?.[1] ?? 'FAILED');
