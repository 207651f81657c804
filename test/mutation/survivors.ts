// Mutants that no test can notice, or none should: each with its reason, by file and change.

export const survivors: Readonly<Record<string, Readonly<Record<string, string>>>> = {};
