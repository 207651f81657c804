// A page as the small formats see it: a run of blocks, each with styled text, pictures and fields. Nothing nests but
// lists, so that a writer can end a deck anywhere and go on in the next one.

import type { Refresh } from '../page/refresh.js';

/** How a run of text looks, and where it leads. */
export interface Style {
  readonly strong: boolean;
  readonly emphasis: boolean;
  /** An address; `#id` for a place in this page. */
  readonly link: string | undefined;
}

export const PLAIN: Style = { strong: false, emphasis: false, link: undefined };

export const sameStyle = (one: Style, other: Style): boolean =>
  one === other ||
  (one.strong === other.strong && one.emphasis === other.emphasis && one.link === other.link);

export interface Block {
  readonly kind: 'paragraph' | 'heading' | 'item' | 'row' | 'preformatted';
  /** 1 to 6 for a heading, else 0. */
  readonly level: number;
  /** The lists around it, outermost first. */
  readonly lists: readonly ('ul' | 'ol')[];
  /** Of an item in an ordered list. */
  readonly number: number | undefined;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly selected: boolean;
}

/** A field that the person fills in, or that goes along hidden. */
export interface Field {
  readonly kind: 'text' | 'password' | 'area' | 'choice' | 'check' | 'hidden';
  readonly name: string;
  /** A name that is legal for a variable of WML and HDML and unique to this field of this page. */
  readonly variable: string;
  /** The value at first; of a check box, the one it has when it is set. */
  readonly value: string;
  /** Of a check box. */
  readonly checked: boolean;
  /** Characters; 0 where the page doesn't say. */
  readonly size: number;
  readonly maxLength: number;
  /** Of a choice. */
  readonly multiple: boolean;
  readonly choices: readonly Choice[];
  /** Nothing may be chosen, and then nothing is sent. */
  readonly optional: boolean;
}

export interface Submit {
  readonly label: string;
  /** What the button itself sends. */
  readonly sends: readonly { readonly name: string; readonly value: string }[];
  /** Where it sends the form instead of the form's own address, and how. */
  readonly action: string | undefined;
  readonly method: 'get' | 'post' | undefined;
}

export interface Form {
  readonly action: string;
  readonly method: 'get' | 'post';
  /** What the origin expects the fields to be encoded in. */
  readonly charset: string;
  readonly fields: Field[];
  readonly submits: Submit[];
}

/** What a format makes of a page. Text comes without markup, white space collapsed but in preformatted blocks. */
export interface FlowSink {
  title(text: string): void;
  /** A new block begins, which ends the one before. Content always follows. */
  block(block: Block): void;
  text(text: string, style: Style): void;
  lineBreak(): void;
  rule(): void;
  /** `url` is undefined where the picture can't be had. */
  picture(url: string | undefined, alt: string, style: Style): void;
  /** What comes next can be reached as `#id`. */
  anchor(id: string): void;
  /** The page sends its reader on by itself; a link says so, too. */
  refresh(refresh: Refresh): void;
  /** Its fields so far are those that stood before it. */
  formStart(form: Form): void;
  field(field: Field, form: Form): void;
  /** A button that stands outside its form, which is complete. */
  submit(form: Form, submit: Submit): void;
  /** The form is complete: this is the place of its buttons, of which there is none where it has no fields either. */
  formEnd(form: Form): void;
  end(): void;
}
