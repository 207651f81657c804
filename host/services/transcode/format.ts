// What an output format is: a way to write a page, and nothing about where the page comes from or goes to.
import type { DeviceProfile } from '../../delegation/device.js';
import type { Wanted } from './decks/address.js';
import type { Copy, LatePicture, Part } from './decks/part.js';

export interface Format {
  /** As it stands in the `markup` of a device profile. */
  readonly name: string;
  /** Content-Type of what is written, without its character set. */
  readonly contentType: string;
  /** The text of the part that is wanted, in the order in which it goes out; all parts go into the copy. */
  write(page: AsyncIterable<string>, options: PageOptions): AsyncIterable<string>;
  /** The text of a part of a copy. */
  rewrite(part: Part, resources: Resources): AsyncIterable<string>;
  /** Text to bytes; what the character set lacks becomes something that the format can say instead. */
  encoder(charset: string): (text: string) => Uint8Array;
}

/** What the page asks for while it is read. Both answer with markup, and never reject. */
export interface Resources {
  /** The picture as an element, or a placeholder. */
  picture(wanted: LatePicture): Promise<string>;
  /** The text of a style sheet for a `<style>` element, empty where there is none. */
  style(url: string): Promise<string>;
}

export interface PageOptions {
  readonly profile: DeviceProfile;
  /** Where the page lies. */
  readonly url: string;
  /** The character set that the page came in: its forms are sent in it. */
  readonly charset: string;
  /** XHTML: its tags can close themselves. */
  readonly isXml: boolean;
  /** What is to be said at the page's end, asked for there. */
  readonly remark: () => string | undefined;
  readonly encode: (text: string) => Uint8Array;
  /** The part that is asked for; the first where there is none. */
  readonly wanted: Wanted | undefined;
  /** Takes the copy of the page from which further parts are read. */
  readonly copy: CopyOptions;
  readonly resources: Resources;
}

export interface CopyOptions {
  readonly key: string;
  /** The page can be asked for again, where the copy is not kept any more. */
  readonly isRepeatable: boolean;
  keep(copy: Copy): void;
}
