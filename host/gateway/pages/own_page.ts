// A page of the gateway's own, before it is written as HTML 3.2 or as WML.

export interface Link {
  kind: 'link';
  href: string;
  text: string;
}

/** A button that does one thing: sent by POST, so that no link of another page can do it. */
export interface Action {
  kind: 'action';
  text: string;
  /** Names and values. */
  fields: readonly (readonly [name: string, value: string])[];
}

export interface Choice {
  kind: 'choice';
  text: string;
  name: string;
  options: readonly (readonly [value: string, text: string, isChosen: boolean])[];
  fields: readonly (readonly [name: string, value: string])[];
}

export type Inline = string | Link | Action | Choice;

export type Block =
  | { kind: 'heading'; text: string }
  | { kind: 'paragraph'; content: readonly Inline[] }
  | { kind: 'list'; items: readonly (readonly Inline[])[] };

export interface OwnPage {
  title: string;
  /** Where forms are sent. */
  action: string;
  blocks: readonly Block[];
}

export const heading = (text: string): Block => ({ kind: 'heading', text });
export const paragraph = (...content: Inline[]): Block => ({ kind: 'paragraph', content });
export const list = (items: readonly (readonly Inline[])[]): Block => ({ kind: 'list', items });
export const link = (href: string, text: string): Link => ({ kind: 'link', href, text });

/** Text as it may stand in markup; what is not ASCII as a number, which every browser reads. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"'$]|[^\x20-\x7e]/gu, (character) => `&#${character.codePointAt(0)};`);
