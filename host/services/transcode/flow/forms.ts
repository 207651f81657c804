// The forms of a page: fields are gathered with their labels and choices, and told once they are complete.
import type { Element } from '../html/element.js';
import { MAX_ADDRESS, resolveAddress } from '../page/address.js';
import { Controls, MAX_FORM, type OpenControl } from './controls.js';
import type { Field, Form, Submit } from './flow.js';

const MAX_FIELDS = 256;
const MAX_SUBMITS = 16;
const MAX_FORMS = 64;
const MAX_LABEL = 80;

export interface FormListener {
  formStart(form: Form): void;
  field(field: Field, form: Form): void;
  /** A button that stands outside its form. */
  submit(form: Form, submit: Submit): void;
  formEnd(form: Form): void;
}

/** A form as far as it is known: fields that stand before it may name it already. */
interface Draft {
  form: Form;
  number: number;
  characters: number;
}

export class FormReader {
  /** The form that the page is in. */
  #open: { draft: Draft; element: Element } | undefined;
  readonly #byId = new Map<string, Draft>();
  /** Fields and buttons that stand before the form which they name. */
  readonly #early = new Map<string, { fields: Field[]; submits: Submit[] }>();
  #forms = 0;
  readonly #controls: Controls;

  /** `prefix` begins the names of variables: one of its own for each page. */
  constructor(
    private readonly listener: FormListener,
    private readonly prefix: string,
    private readonly charset: string,
  ) {
    this.#controls = new Controls({
      field: (field, owner) => this.#add(field, owner),
      button: (element, label) => this.#button(element, label),
    });
  }

  /** True where the element was a form's and nothing else is to be made of it. */
  start(element: Element, baseUrl: string): boolean {
    if (element.name === 'form') {
      this.#controls.flush();
      this.#start(element, baseUrl);
      return true;
    }
    this.#baseUrl = baseUrl;
    return this.#controls.start(element);
  }

  end(element: Element): boolean {
    if (element.name === 'form') {
      if (element === this.#open?.element) this.#endForm();
      return true;
    }
    return this.#controls.end(element);
  }

  /** True where the text is a label or a value, and not the page's. */
  text(text: string): boolean {
    return this.#controls.text(text);
  }

  /** A block or a line ends here, and with it the label of a radio button. */
  boundary(): void {
    this.#controls.boundary();
  }

  /** Something other than text and fields comes: it stands after the choices under way. */
  flush(): void {
    this.#controls.flushUnlessOpen();
  }

  finish(): void {
    this.#endForm();
    for (const { form } of this.#byId.values())
      if (form.submits.length === 0 && form.fields.length > 0) this.listener.submit(form, addOk(form));
  }

  #baseUrl = '';

  #start(element: Element, baseUrl: string): void {
    this.#endForm();
    if (++this.#forms > MAX_FORMS) return;
    const { attributes } = element;
    const action = actionOf(attributes.get('action') ?? '', baseUrl);
    if (action === undefined) return;
    const charset = /^[A-Za-z0-9_-]{1,40}/.exec(attributes.get('accept-charset') ?? '')?.[0] ?? this.charset;
    const id = attributes.get('id');
    const early = id === undefined ? undefined : this.#early.get(id);
    const form: Form = {
      action,
      method: methodOf(attributes.get('method')) ?? 'get',
      charset,
      fields: early?.fields ?? [],
      submits: early?.submits ?? [],
    };
    const draft = { form, number: this.#forms, characters: 0 };
    if (id !== undefined && !this.#byId.has(id)) this.#byId.set(id, draft);
    this.#open = { draft, element };
    this.listener.formStart(form);
  }

  #endForm(): void {
    this.#controls.flush();
    const form = this.#open?.draft.form;
    if (form === undefined) return;
    this.#open = undefined;
    // Fields and buttons of one that has neither may stand behind it.
    if (form.submits.length === 0 && form.fields.length > 0) addOk(form);
    this.listener.formEnd(form);
  }

  #ownerOf(id: string | undefined): Draft | undefined {
    return id === undefined ? this.#open?.draft : this.#byId.get(id);
  }

  #add(field: OpenControl, owner: string | undefined): void {
    if (field.name === '') return;
    const draft = this.#ownerOf(owner);
    if (draft === undefined) {
      this.#addEarly(field, owner);
      return;
    }
    const { form } = draft;
    if (form.fields.length >= MAX_FIELDS) return;
    const whole: Field = {
      ...field,
      variable: `${this.prefix}${draft.number.toString(36)}_${form.fields.length}`,
    };
    draft.characters += sizeOf(whole);
    if (draft.characters > MAX_FORM) return;
    form.fields.push(whole);
    if (whole.kind !== 'hidden') this.listener.field(whole, form);
  }

  #addEarly(field: OpenControl, owner: string | undefined): void {
    if (owner === undefined || owner === '') return;
    const early = this.#earlyFor(owner);
    if (early === undefined || early.fields.length >= MAX_FIELDS) return;
    const name = `${this.prefix}e${[...this.#early.keys()].indexOf(owner)}_${early.fields.length}`;
    const whole: Field = { ...field, variable: name };
    early.fields.push(whole);
    const form: Form = { action: this.#baseUrl, method: 'get', charset: this.charset, ...early };
    if (whole.kind !== 'hidden') this.listener.field(whole, form);
  }

  #earlyFor(owner: string): { fields: Field[]; submits: Submit[] } | undefined {
    const early = this.#early.get(owner);
    if (early !== undefined || this.#early.size >= MAX_FORMS) return early;
    const none = { fields: [], submits: [] };
    this.#early.set(owner, none);
    return none;
  }

  #button(element: Element, label: string): void {
    const { attributes } = element;
    const owner = attributes.get('form');
    const action = attributes.has('formaction')
      ? actionOf(attributes.get('formaction') ?? '', this.#baseUrl)
      : undefined;
    const submit: Submit = {
      label: (label || 'OK').slice(0, MAX_LABEL),
      sends: sendsOf(element),
      action,
      method: methodOf(attributes.get('formmethod')),
    };
    const draft = this.#ownerOf(owner);
    const submits = draft?.form.submits ?? (owner === undefined ? undefined : this.#earlyFor(owner)?.submits);
    if (submits === undefined || submits.length >= MAX_SUBMITS) return;
    const characters = submit.sends.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
    if (characters > MAX_FORM) return;
    submits.push(submit);
    if (draft !== undefined && draft !== this.#open?.draft) this.listener.submit(draft.form, submit);
  }
}

/** The button of a form that has none: browsers send such a form by a key. */
function addOk({ submits }: Form): Submit {
  const submit: Submit = { label: 'OK', sends: [], action: undefined, method: undefined };
  submits.push(submit);
  return submit;
}

/** A picture's own name is sent with the place of the click, which these devices don't have: its corner. */
function sendsOf({ attributes }: Element): Submit['sends'] {
  const name = attributes.get('name') ?? '';
  if (attributes.get('type')?.toLowerCase() === 'image') {
    const dot = name === '' ? '' : `${name}.`;
    return [
      { name: `${dot}x`, value: '0' },
      { name: `${dot}y`, value: '0' },
    ];
  }
  return name === '' ? [] : [{ name, value: attributes.get('value') ?? '' }];
}

function actionOf(address: string, baseUrl: string): string | undefined {
  const action = resolveAddress(address, baseUrl);
  if (action === undefined || !/^https?:/i.test(action) || action.length > MAX_ADDRESS) return undefined;
  return action.replace(/#.*$/s, '');
}

function methodOf(text: string | undefined): 'get' | 'post' | undefined {
  if (text === undefined) return undefined;
  return /^\s*post\s*$/i.test(text) ? 'post' : 'get';
}

const sizeOf = ({ name, value, choices }: Field): number =>
  name.length +
  value.length +
  choices.reduce((sum, choice) => sum + choice.value.length + choice.label.length, 0);
