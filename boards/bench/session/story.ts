// A page of ten objects on three origins: a story, two scripts, a style sheet, six photographs.
import sharp from 'sharp';
import type { Files } from '../host/world.js';

const PICTURES = 6;

/** A photograph by its noise; three quarters as high as wide. */
const photograph = (width: number, seed: number) =>
  sharp({
    create: {
      width,
      height: (width * 3) / 4,
      channels: 3,
      background: { r: 40 * seed, g: 90, b: 140 },
      noise: { type: 'gaussian', mean: 128, sigma: 24 },
    },
  })
    .jpeg({ quality: 80 })
    .toBuffer();

const storyText = (style: string, script: string, pictures: readonly string[]) =>
  `<!DOCTYPE html><link rel="stylesheet" href="${style}"><script src="${script}"></script><script src="/b.js"></script>
${pictures.map((picture) => `<p>${'A sentence of the story. '.repeat(20)}<img src="${picture}" alt="">`).join('\n')}`;

/**
 * Serves the page by `serve`, which starts an origin with files (path → `{ type, body }`) and gives its URL. `width` is
 * that of the photographs in pixels, and scales the rest. Gives `{ page, objects, pictures }`: its URL, those of all ten
 * objects, and how many pictures it shows.
 */
export async function serveStory(
  serve: (files: Files) => Promise<string>,
  width: number,
): Promise<{ page: string; objects: string[]; pictures: number }> {
  const pictures = await Promise.all(Array.from({ length: PICTURES }, (_, i) => photograph(width, i + 1)));
  const times = (most: number) => Math.ceil((most * width) / 1600);
  const picturesFrom = (from: number): Files =>
    Object.fromEntries(
      pictures.slice(from, from + 3).map((body, i) => [`/${from + i}.jpg`, { type: 'image/jpeg', body }]),
    );
  const first = await serve(picturesFrom(0));
  const second = await serve({
    ...picturesFrom(3),
    '/a.css': { type: 'text/css', body: 'p { margin: 0 }\n'.repeat(times(400)) },
    '/a.js': { type: 'text/javascript', body: 'track();\n'.repeat(times(8000)) },
  });
  const links = pictures.map((_, i) => `${i < 3 ? first : second}/${i}.jpg`);
  const origin = await serve({
    '/page.html': { type: 'text/html', body: storyText(`${second}/a.css`, `${second}/a.js`, links) },
    '/b.js': { type: 'text/javascript', body: 'start();\n'.repeat(times(8000)) },
  });
  const page = `${origin}/page.html`;
  return {
    page,
    objects: [page, `${origin}/b.js`, `${second}/a.css`, `${second}/a.js`, ...links],
    pictures: PICTURES,
  };
}
