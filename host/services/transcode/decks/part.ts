// A part of a page as it is kept, and the copy that all of them are.

/** A picture that is fetched when the part in which it stands is read. */
export interface LatePicture {
  readonly picture: string;
  readonly alt: string;
  /** Attributes of the button that the picture is; undefined for a picture that is none. */
  readonly button: string | undefined;
  /** Tells it from the others of its page. */
  readonly number: number;
  /** It stands in a link, in which no other can stand. */
  readonly isLinked: boolean;
}

/** A style sheet that is fetched when the part is read. */
export interface LateStyle {
  readonly style: string;
}

/** One part of a page, as it is kept: markup, and what is fetched for it. */
export type Part = readonly (string | LatePicture | LateStyle)[];

export interface Copy {
  /** From the first on, as far as there was room. */
  readonly parts: readonly Part[];
  /** In which part each place of the page is, from 1. */
  readonly places: ReadonlyMap<string, number>;
  readonly bytes: number;
}
