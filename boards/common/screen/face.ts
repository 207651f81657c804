// The faces of a page.

/** In the order of the table that boards/parts/faces.ts makes. */
export const FACES = [
  'text',
  'bold',
  'italic',
  'boldItalic',
  'small',
  'heading',
  'subheading',
  'fixed',
  'fixedBold',
] as const;
export type FaceName = (typeof FACES)[number];

export const face = (name: FaceName): number => FACES.indexOf(name);

/** How text is to look, as the elements around it say. */
export interface Look {
  readonly bold: boolean;
  readonly italic: boolean;
  readonly fixed: boolean;
  readonly size: 'small' | 'text' | 'subheading' | 'heading';
}

export function faceOf({ bold, italic, fixed, size }: Look): number {
  if (fixed) return face(bold ? 'fixedBold' : 'fixed');
  if (size !== 'text') return face(size);
  if (bold) return face(italic ? 'boldItalic' : 'bold');
  return face(italic ? 'italic' : 'text');
}
