/** By the id of the case. */
export const exceptions: Readonly<Record<string, string>>;

/** By the id of the case. */
export const declined: Readonly<Record<string, string>>;
