// The fonts of a page.

/** In the order of the table that boards/parts/fonts.ts makes. */
export const FONTS = [
  'text',
  'bold',
  'italic',
  'boldItalic',
  'small',
  'heading',
  'subheading',
  'fixed',
  'fixedBold',
  'wide',
] as const;
export type FontName = (typeof FONTS)[number];

export const font = (name: FontName): number => FONTS.indexOf(name);

/** How text is to look, as the elements around it say. */
export interface Look {
  readonly bold: boolean;
  readonly italic: boolean;
  readonly fixed: boolean;
  readonly size: 'small' | 'text' | 'subheading' | 'heading';
}

export function fontOf({ bold, italic, fixed, size }: Look): number {
  if (fixed) return font(bold ? 'fixedBold' : 'fixed');
  if (size !== 'text') return font(size);
  if (bold) return font(italic ? 'boldItalic' : 'bold');
  return font(italic ? 'italic' : 'text');
}
