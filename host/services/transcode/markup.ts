// Text in the place of markup's own signs.

export const escapeText = (text: string) =>
  /[&<>]/.test(text)
    ? text.replace(/[&<>]/g, (c) => (c === '&' ? '&amp;' : c === '<' ? '&lt;' : '&gt;'))
    : text;

export const escapeAttribute = (text: string) => escapeText(text).replace(/"/g, '&quot;');
