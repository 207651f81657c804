// Exit codes of `deputy get`, of curl's kind where curl has one for the case.

const CODES: readonly (readonly [codes: RegExp, status: number])[] = [
  [/^(CONNECTION_FAILED|TARGET_UNREACHABLE)$/, 7],
  [/^FILE_UNWRITABLE$/, 23],
  [/TIMEOUT$/, 28],
  [/^REDIRECT_LOOP$/, 47],
  [/^TLS_(UNKNOWN_CA|NO_TRUST|BAD_CERTIFICATE|CERTIFICATE_)/, 60],
];

/** For scripts; 1 for all that curl has no number for. */
export const exitCodeOf = (error: unknown): number => {
  const { code = '' } = error as { code?: string };
  return CODES.find(([codes]) => codes.test(code))?.[1] ?? 1;
};
