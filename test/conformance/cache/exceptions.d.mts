/** By the id of the case. */
export const exceptions: Readonly<Record<string, string>>;
