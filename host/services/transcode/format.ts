// What an output format is: a way to write a page, and nothing about where the page comes from or goes to.
import type { DeviceProfile } from '../../delegation/device.js';
import type { Wanted } from './decks/address.js';

export interface Format {
  /** As it stands in the `markup` of a device profile. */
  readonly name: string;
  /** Content-Type of what is written, without its character set. */
  readonly contentType: string;
  /** The text for the device, in the order in which it goes out. Throws for a page that can't be read. */
  write(page: AsyncIterable<string>, options: PageOptions): AsyncIterable<string>;
  /** Text to bytes; what the character set lacks becomes something that the format can say instead. */
  encoder(charset: string): (text: string) => Uint8Array;
}

/** What the page asks for while it is read. Both answer with markup, and never reject. */
export interface Resources {
  /** The `<img>` that stands for the picture at `url`, or a placeholder. `alt` is plain text. */
  picture(url: string, alt: string): Promise<string>;
  /** The text of a style sheet for a `<style>` element, empty where there is none. */
  style(url: string): Promise<string>;
}

export interface PageOptions {
  readonly profile: DeviceProfile;
  /** Where the page lies. */
  readonly url: string;
  /** The character set that the page came in: its forms are sent in it. */
  readonly charset: string;
  readonly encode: (text: string) => Uint8Array;
  /** The part that is asked for, where the format cuts pages into parts. */
  readonly wanted: Wanted | undefined;
  /** Set where the page can't be asked for again: takes the parts from the second on. */
  readonly keep: { readonly key: string; keep(parts: readonly string[]): void } | undefined;
  readonly resources: Resources;
}
