// The forms of a page: fields are gathered with their labels and choices, and told once they are complete.
import type { StartTag } from 'parse5-sax-parser';
import { attribute, resolveAddress } from '../markup.js';
import type { Choice, Field, Form, Submit } from './flow.js';

const MAX_FIELDS = 256;
const MAX_CHOICES = 512;
const MAX_SUBMITS = 16;
const MAX_FORMS = 64;
const MAX_ADDRESS = 2048;
/** Characters of a label, and of a text area's content. */
const MAX_LABEL = 80;
const MAX_AREA = 4096;
/** Characters of all fields of a form: what is beyond is left out. */
const MAX_FORM = 64 * 1024;

export interface FormListener {
  formStart(form: Form): void;
  field(field: Field, form: Form): void;
  formEnd(form: Form): void;
}

type Capture =
  | { of: 'choice'; value: string | undefined; selected: boolean; text: string }
  | { of: 'radio'; value: string; checked: boolean; text: string }
  | { of: 'area'; tag: StartTag; text: string }
  | { of: 'button'; tag: StartTag; text: string };

/** Choices under way: a `<select>`, or the radio buttons of one name. */
interface Group {
  radio: boolean;
  name: string;
  multiple: boolean;
  choices: Choice[];
  characters: number;
}

export class FormReader {
  #form: Form | undefined;
  #forms = 0;
  #characters = 0;
  #group: Group | undefined;
  #capture: Capture | undefined;

  /** `prefix` begins the names of variables: one of its own for each page. */
  constructor(
    private readonly listener: FormListener,
    private readonly prefix: string,
    private readonly charset: string,
  ) {}

  get isOpen(): boolean {
    return this.#form !== undefined;
  }

  /** True where the tag was a form's and nothing else is to be made of it. */
  startTag(tag: StartTag, baseUrl: string): boolean {
    switch (tag.tagName) {
      case 'form':
        this.#start(tag, baseUrl);
        return true;
      case 'input':
        this.#input(tag);
        return true;
      case 'select':
        this.#closeGroup();
        this.#group = {
          radio: false,
          name: attribute(tag, 'name') ?? '',
          multiple: attribute(tag, 'multiple') !== undefined,
          choices: [],
          characters: 0,
        };
        return true;
      case 'option':
        this.#endCapture();
        if (this.#group !== undefined && !this.#group.radio) {
          const value = attribute(tag, 'value');
          const selected = attribute(tag, 'selected') !== undefined;
          this.#capture = { of: 'choice', value, selected, text: attribute(tag, 'label') ?? '' };
        }
        return true;
      case 'optgroup':
        return true;
      case 'textarea':
      case 'button':
        this.#closeGroup();
        this.#capture =
          tag.tagName === 'button' ? { of: 'button', tag, text: '' } : { of: 'area', tag, text: '' };
        return true;
      default:
        return false;
    }
  }

  endTag(name: string): boolean {
    switch (name) {
      case 'form':
        this.endForm();
        return true;
      case 'select':
        if (this.#group?.radio === false) this.#closeGroup();
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

  /** True where the text is a label or a value, and not the page's. */
  text(text: string): boolean {
    if (this.#capture !== undefined) {
      const limit = this.#capture.of === 'area' ? MAX_AREA : MAX_LABEL;
      if (this.#capture.text.length < limit) this.#capture.text += text.slice(0, limit);
      return true;
    }
    if (this.#group === undefined) return false;
    // Between radio buttons white space is nothing; other text ends their group. In a select nothing is the page's.
    if (this.#group.radio && text.trim() !== '') {
      this.#closeGroup();
      return false;
    }
    return true;
  }

  /** A block or a line ends here, and with it the label of a radio button. */
  boundary(): void {
    if (this.#capture?.of === 'radio') this.#endCapture();
  }

  /** Something other than text and fields comes: it stands after the choices under way. */
  flush(): void {
    if (this.#capture === undefined || this.#capture.of === 'radio') this.#closeGroup();
  }

  endForm(): void {
    this.#closeGroup();
    const form = this.#form;
    if (form === undefined) return;
    this.#form = undefined;
    if (form.submits.length === 0) form.submits.push({ label: 'OK', name: undefined, value: '' });
    this.listener.formEnd(form);
  }

  #start(tag: StartTag, baseUrl: string): void {
    this.endForm();
    if (++this.#forms > MAX_FORMS) return;
    const action = resolveAddress(attribute(tag, 'action') ?? '', baseUrl);
    if (action === undefined || !/^https?:/i.test(action) || action.length > MAX_ADDRESS) return;
    const method = /^\s*post\s*$/i.test(attribute(tag, 'method') ?? '') ? 'post' : 'get';
    const charset = /^[A-Za-z0-9_-]{1,40}/.exec(attribute(tag, 'accept-charset') ?? '')?.[0] ?? this.charset;
    this.#form = { action: action.replace(/#.*$/s, ''), method, charset, fields: [], submits: [] };
    this.#characters = 0;
    this.listener.formStart(this.#form);
  }

  #input(tag: StartTag): void {
    const type = (attribute(tag, 'type') ?? 'text').toLowerCase();
    const name = attribute(tag, 'name') ?? '';
    const value = attribute(tag, 'value');
    const disabled = attribute(tag, 'disabled') !== undefined;
    if (type === 'radio') {
      this.#endCapture();
      if (this.#group?.radio !== true || this.#group.name !== name) {
        this.#closeGroup();
        this.#group = { radio: true, name, multiple: false, choices: [], characters: 0 };
      }
      const checked = attribute(tag, 'checked') !== undefined;
      if (!disabled) this.#capture = { of: 'radio', value: value ?? 'on', checked, text: '' };
      return;
    }
    this.#closeGroup();
    if (disabled) return;
    if (type === 'submit' || type === 'image') {
      const label = attribute(tag, type === 'image' ? 'alt' : 'value') ?? '';
      // A picture's own name is sent with the place of the click, which these devices don't have.
      this.#submit({ label: label || 'OK', name: type === 'image' ? undefined : name, value: value ?? '' });
    } else if (type === 'hidden') {
      this.#add({ kind: 'hidden', name, value: value ?? '' });
    } else if (type === 'checkbox') {
      const checked = attribute(tag, 'checked') !== undefined;
      this.#add({ kind: 'check', name, value: value ?? 'on', checked, optional: true });
    } else if (!['button', 'reset', 'file'].includes(type)) {
      this.#add({
        kind: type === 'password' ? 'password' : 'text',
        name,
        value: value ?? '',
        size: number(attribute(tag, 'size')),
        maxLength: number(attribute(tag, 'maxlength')),
      });
    }
  }

  #endCapture(): void {
    const capture = this.#capture;
    if (capture === undefined) return;
    this.#capture = undefined;
    const label = capture.text.replace(/\s+/g, ' ').trim().slice(0, MAX_LABEL);
    if (capture.of === 'area') {
      const disabled = attribute(capture.tag, 'disabled') !== undefined;
      const value = capture.text.replace(/^\r?\n/, '');
      if (!disabled) this.#add({ kind: 'area', name: attribute(capture.tag, 'name') ?? '', value });
    } else if (capture.of === 'button') {
      const type = (attribute(capture.tag, 'type') ?? 'submit').toLowerCase();
      const disabled = attribute(capture.tag, 'disabled') !== undefined;
      const value = attribute(capture.tag, 'value') ?? '';
      if (type === 'submit' && !disabled)
        this.#submit({ label: label || 'OK', name: attribute(capture.tag, 'name'), value });
    } else if (this.#group !== undefined && this.#group.choices.length < MAX_CHOICES) {
      const value = capture.value ?? label;
      const selected = capture.of === 'radio' ? capture.checked : capture.selected;
      this.#group.characters += value.length;
      if (this.#group.characters > MAX_FORM) return;
      this.#group.choices.push({ value, label: label || value.slice(0, MAX_LABEL), selected });
    }
  }

  #closeGroup(): void {
    this.#endCapture();
    const group = this.#group;
    if (group === undefined) return;
    this.#group = undefined;
    const { name, multiple, choices, radio } = group;
    if (choices.length === 0) return;
    const optional = multiple || (radio && !choices.some((choice) => choice.selected));
    this.#add({ kind: 'choice', name, multiple, choices, optional });
  }

  #add(field: Partial<Field> & Pick<Field, 'kind' | 'name'>): void {
    const form = this.#form;
    if (form === undefined || field.name === '' || form.fields.length >= MAX_FIELDS) return;
    const whole: Field = {
      value: '',
      checked: false,
      size: 0,
      maxLength: 0,
      multiple: false,
      choices: [],
      optional: false,
      ...field,
      variable: `${this.prefix}${this.#forms.toString(36)}_${form.fields.length}`,
    };
    const choices = whole.choices.reduce((sum, { value, label }) => sum + value.length + label.length, 0);
    this.#characters += whole.name.length + whole.value.length + choices;
    if (this.#characters > MAX_FORM) return;
    form.fields.push(whole);
    if (whole.kind !== 'hidden') this.listener.field(whole, form);
  }

  #submit({ label, name, value }: Submit): void {
    if (this.#form === undefined || this.#form.submits.length >= MAX_SUBMITS) return;
    this.#characters += value.length + (name?.length ?? 0);
    if (this.#characters > MAX_FORM) return;
    this.#form.submits.push({ label: label.slice(0, MAX_LABEL), name: name || undefined, value });
  }
}

function number(text: string | undefined): number {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 && value < 10_000 ? value : 0;
}
