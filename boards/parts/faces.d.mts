/** Path of the table of faces. Throws where the fonts can't be had. */
export function facesTable(): string;
export const faceSources: Readonly<Record<string, { package: string; file: string; sha256: string }>>;
