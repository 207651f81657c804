// Bounds on what a page may ask of the reader, whatever its bytes say.

export class HtmlError extends Error {
  readonly code = 'TRANSCODE_HTML';
}

/** Characters that may pass without a complete token before the page is refused. */
export const MAX_TOKEN = 1 << 20;
/** Characters parsed between two looks at the output: keeps a large chunk from filling memory. */
export const STEP = 1 << 16;
