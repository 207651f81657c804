// The fields and buttons of a form in compact HTML.
import type { Field, Form, Submit } from '../flow/flow.js';
import { escapeAttribute, escapeText } from '../markup.js';
import { formAddress, sentName, submittedBy } from '../submission.js';
import { legalText } from './wml.js';

export function fieldElement(field: Field): string {
  const name = `name="${attributeText(field.name)}"`;
  const value = ` value="${attributeText(field.value)}"`;
  const size = field.size > 0 ? ` size="${field.size}"` : '';
  const length = field.maxLength > 0 ? ` maxlength="${field.maxLength}"` : '';
  switch (field.kind) {
    case 'hidden':
      return `<input type="hidden" ${name}${value}>`;
    case 'check':
      return `<input type="checkbox" ${name}${value}${field.checked ? ' checked' : ''}>`;
    case 'area':
      return `<textarea ${name} rows="3" cols="16">${escapeText(legalText(field.value))}</textarea>`;
    case 'choice':
      return choiceElement(field);
    default:
      return `<input type="${field.kind}" ${name}${value}${size}${length}>`;
  }
}

function choiceElement(field: Field): string {
  const blank = field.optional && !field.multiple ? '<option value="">-</option>' : '';
  const options = field.choices.map(
    (choice) =>
      `<option value="${attributeText(choice.value)}"${choice.selected ? ' selected' : ''}>` +
      `${escapeText(legalText(choice.label))}</option>`,
  );
  const sent = field.multiple ? field.name : sentName(field);
  return `<select name="${attributeText(sent)}"${field.multiple ? ' multiple' : ''}>${blank}${options.join('')}</select>`;
}

/** Its fields are not all known when a form begins: the proxy looks at what comes back either way. */
export const formStart = (form: Form, url: string): string =>
  `<form action="${attributeText(formAddress(form, url, true))}" method="${form.method}">`;

export function submitElement({ label, sends: [sent] }: Submit): string {
  if (sent === undefined) return `<input type="submit" value="${attributeText(label)}">`;
  // What a button says is what it sends; where both differ, sending the right one comes first.
  const value = /\.?[xy]$/.test(sent.name) && sent.value === '0' ? label : sent.value || label;
  return `<input type="submit" name="${attributeText(sent.name)}" value="${attributeText(value)}">`;
}

/** A button that sends a form elsewhere, or stands outside it, is a form of its own: of all that the form has so far. */
export function formOfButton(form: Form, submit: Submit, url: string): string {
  const fields = form.fields.map((field) =>
    field.kind === 'hidden' ? fieldElement(field) : `${fieldElement(field)} `,
  );
  return `${formStart(submittedBy(form, submit), url)}<p>${fields.join('')}${submitElement(submit)}</p></form>`;
}

/** HTML 3.2 gives quotation marks no name. */
export const attributeText = (text: string) => escapeAttribute(legalText(text)).replaceAll('&quot;', '&#34;');
