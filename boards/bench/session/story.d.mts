type Files = Record<string, { type: string; body: Uint8Array | string }>;

export function serveStory(
  serve: (files: Files) => Promise<string>,
  width: number,
): Promise<{ page: string; objects: string[]; pictures: number }>;
