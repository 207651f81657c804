// A simplified page as text on a terminal.

const blocks = /<\/?(p|div|h[1-6]|li|ul|ol|form|br|hr|tr|table|body|title)\b[^>]*>/gi;

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

/** The words of the page, one block a line; a picture is shown by its size and text. */
export function pageAsText(html: string): string {
  return html
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(
      /<img src="data:(image\/\w+);base64,([^"]*)" width="(\d+)" height="(\d+)" alt="([^"]*)">/g,
      (_, type, data, width, height, alt) =>
        `\n[${alt}: ${type}, ${width}×${height}, ${Math.floor((data.length * 3) / 4)} bytes]\n`,
    )
    .replace(blocks, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&(amp|lt|gt|quot);/g, (_, name) => entities[name]!)
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .map((line) => `  | ${line.length > 100 ? `${line.slice(0, 99)}…` : line}`)
    .join('\n');
}
