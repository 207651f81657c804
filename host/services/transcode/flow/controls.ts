// The fields and buttons of a page as they come: what stands between their tags is their value, their label or their
// choices, and no text of the page.
import type { Element } from '../html/element.js';
import { firstLabel } from '../page/embedded.js';
import type { Choice, Field } from './flow.js';

/** Characters of all fields of a form: what is beyond is left out. */
export const MAX_FORM = 64 * 1024;
const MAX_CHOICES = 512;
/** Characters of a label, and of a text area's content. */
const MAX_LABEL = 80;
const MAX_AREA = 4096;

/** A field of which its form is not known yet. */
export type OpenControl = Omit<Field, 'variable'>;

export interface ControlListener {
  /** `owner`: the id of its form, where it names one. */
  field(field: OpenControl, owner: string | undefined): void;
  button(element: Element, label: string): void;
}

type Capture =
  | { of: 'choice'; value: string | undefined; selected: boolean; text: string }
  | { of: 'radio'; value: string; checked: boolean; text: string }
  | { of: 'area' | 'button'; element: Element; text: string };

/** Choices under way: a `<select>`, or the radio buttons of one name. */
interface Group {
  radio: boolean;
  name: string;
  owner: string | undefined;
  multiple: boolean;
  choices: Choice[];
  characters: number;
}

export class Controls {
  #group: Group | undefined;
  #capture: Capture | undefined;

  constructor(private readonly listener: ControlListener) {}

  start(element: Element): boolean {
    const { attributes } = element;
    switch (element.name) {
      case 'input':
        this.#input(element);
        return true;
      case 'select':
        this.flush();
        this.#group = {
          radio: false,
          name: attributes.has('disabled') ? '' : (attributes.get('name') ?? ''),
          owner: attributes.get('form'),
          multiple: attributes.has('multiple'),
          choices: [],
          characters: 0,
        };
        return true;
      case 'option':
        this.#endCapture();
        if (this.#group !== undefined && !this.#group.radio) {
          const value = attributes.get('value');
          const selected = attributes.has('selected');
          this.#capture = { of: 'choice', value, selected, text: attributes.get('label') ?? '' };
        }
        return true;
      case 'optgroup':
        return true;
      case 'textarea':
        this.flush();
        this.#capture = { of: 'area', element, text: '' };
        return true;
      case 'button':
        this.flush();
        this.#capture = { of: 'button', element, text: '' };
        return true;
      default:
        return false;
    }
  }

  end({ name }: Element): boolean {
    switch (name) {
      case 'select':
        if (this.#group?.radio === false) this.flush();
        return true;
      case 'option':
      case 'textarea':
      case 'button':
        this.#endCapture();
        return true;
      case 'label':
        if (this.#capture?.of === 'radio') this.#endCapture();
        return false;
      default:
        return false;
    }
  }

  text(text: string): boolean {
    if (this.#capture !== undefined) {
      const limit = this.#capture.of === 'area' ? MAX_AREA : MAX_LABEL;
      if (this.#capture.text.length < limit) this.#capture.text += text.slice(0, limit);
      return true;
    }
    if (this.#group === undefined) return false;
    // Between radio buttons white space is nothing; other text ends their group. In a select nothing is the page's.
    if (this.#group.radio && text.trim() !== '') {
      this.flush();
      return false;
    }
    return true;
  }

  boundary(): void {
    if (this.#capture?.of === 'radio') this.#endCapture();
  }

  /** The choices under way are complete. */
  flush(): void {
    this.#endCapture();
    const group = this.#group;
    if (group === undefined) return;
    this.#group = undefined;
    const { name, multiple, choices, radio, owner } = group;
    if (choices.length === 0) return;
    const optional = multiple || (radio && !choices.some((choice) => choice.selected));
    this.#tell({ kind: 'choice', name, multiple, choices, optional }, owner);
  }

  flushUnlessOpen(): void {
    if (this.#capture === undefined || this.#capture.of === 'radio') this.flush();
  }

  #input(element: Element): void {
    const { attributes } = element;
    const type = (attributes.get('type') ?? 'text').trim().toLowerCase();
    const disabled = attributes.has('disabled');
    if (type === 'radio') {
      this.#radio(element, disabled);
      return;
    }
    this.flush();
    if (disabled) return;
    const name = attributes.get('name') ?? '';
    const owner = attributes.get('form');
    const value = attributes.get('value');
    if (type === 'submit' || type === 'image') this.listener.button(element, buttonLabel(element, ''));
    else if (type === 'hidden') this.#tell({ kind: 'hidden', name, value: value ?? '' }, owner);
    else if (type === 'checkbox') {
      const checked = attributes.has('checked');
      this.#tell({ kind: 'check', name, value: value ?? 'on', checked, optional: true }, owner);
    } else if (!['button', 'reset', 'file'].includes(type)) {
      const size = number(attributes.get('size'));
      const maxLength = number(attributes.get('maxlength'));
      const kind = type === 'password' ? 'password' : 'text';
      this.#tell({ kind, name, value: value ?? '', size, maxLength }, owner);
    }
  }

  #radio({ attributes }: Element, disabled: boolean): void {
    const name = attributes.get('name') ?? '';
    const owner = attributes.get('form');
    this.#endCapture();
    if (this.#group?.radio !== true || this.#group.name !== name || this.#group.owner !== owner) {
      this.flush();
      this.#group = { radio: true, name, owner, multiple: false, choices: [], characters: 0 };
    }
    const value = attributes.get('value') ?? 'on';
    if (!disabled) this.#capture = { of: 'radio', value, checked: attributes.has('checked'), text: '' };
  }

  #endCapture(): void {
    const capture = this.#capture;
    if (capture === undefined) return;
    this.#capture = undefined;
    if ('element' in capture) {
      const { attributes } = capture.element;
      if (attributes.has('disabled')) return;
      if (capture.of === 'button') {
        const type = (attributes.get('type') ?? 'submit').trim().toLowerCase();
        if (type === 'submit')
          this.listener.button(capture.element, buttonLabel(capture.element, capture.text));
        return;
      }
      const value = capture.text.replace(/^\r?\n/, '');
      this.#tell({ kind: 'area', name: attributes.get('name') ?? '', value }, attributes.get('form'));
      return;
    }
    const group = this.#group;
    if (group === undefined || group.choices.length >= MAX_CHOICES) return;
    const label = capture.text.replace(/\s+/g, ' ').trim().slice(0, MAX_LABEL);
    const value = capture.value ?? label;
    const selected = capture.of === 'radio' ? capture.checked : capture.selected;
    group.characters += value.length;
    if (group.characters > MAX_FORM) return;
    group.choices.push({ value, label: label || value.slice(0, MAX_LABEL), selected });
  }

  #tell(field: Partial<OpenControl> & Pick<OpenControl, 'kind' | 'name'>, owner: string | undefined): void {
    const whole = {
      value: '',
      checked: false,
      size: 0,
      maxLength: 0,
      multiple: false,
      choices: [],
      optional: false,
      ...field,
    };
    this.listener.field(whole, owner);
  }
}

function number(text: string | undefined): number {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 && value < 10_000 ? value : 0;
}

/** What a button says: its text, or what names it for those who can't see it. */
const buttonLabel = ({ attributes }: Element, text: string): string =>
  firstLabel([
    text,
    attributes.get('type')?.toLowerCase() === 'image' ? attributes.get('alt') : attributes.get('value'),
    attributes.get('aria-label'),
    attributes.get('title'),
  ]) ?? '';
