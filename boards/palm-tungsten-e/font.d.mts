/** Path of a C file that defines what font.h declares. Throws where the font can't be had. */
export function font(): string;
