// Pictures that come after the text of their page: what a transcoding proxy writes, and what a page builder that knows it makes
// of it. Any other browser shows a link to a picture at the end of the page, below a rule.

const NAME = /^deputy-picture-\d+$/;
const nameOf = (number: number): string => `deputy-picture-${number}`;

/** In the picture's place; `label` is HTML. Within a link of the page's own there is no room for another. */
export const latePicturePlace = (number: number, label: string, isLinked: boolean): string =>
  isLinked ? label : `<a href="#${nameOf(number)}">${label}</a>`;

/** Parts what comes late from the page. */
export const LATE_RULE = '<hr>';

/** At the end of the page; `picture` is HTML. */
export const latePicture = (number: number, label: string, picture: string): string =>
  `<p><a name="${nameOf(number)}">${label}</a><br>${picture}</p>`;

/** Whether an anchor of this name stands before a late picture: its place holds a link to that. */
export const isLatePicture = (name: string): boolean => NAME.test(name);
