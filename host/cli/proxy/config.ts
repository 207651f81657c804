// The configuration file of `deputy proxy`: YAML, of which JSON is a part. What is wrong in it is told by line and
// column, with what would be right. Values are never repeated, for one may be a secret in the wrong place.
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, stringify } from 'yaml';
import { DeputyError } from '../../delegation/error.js';
import { plainText } from '../../delegation/text.js';
import { textFile } from '../arguments.js';
import { nearest } from '../suggestion.js';
import type { Schema } from './kinds.js';
import { at, BadValue, camelCase } from './option.js';
import { ENTRIES, type ProxyCommandOptions } from './options.js';

/** A proxy's configuration of more than that is none. */
const FILE_LIMIT = 1 << 20;

type Path = readonly (string | number)[];

/** The JSON schema (2020-12) of a configuration file. */
export function configSchema(): Schema {
  const properties = ENTRIES.map(([name, entry]) => [
    name,
    {
      description: entry.help,
      ...entry.schema,
      ...('otherwise' in entry && { default: entry.show(entry.otherwise) }),
    },
  ]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of deputy proxy',
    type: 'object',
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  };
}

let validator: ValidateFunction | undefined;

/** What a file says. Throws DeputyError: FILE_UNREADABLE, or BAD_CONFIG with a line for each error. */
export function readConfig(file: string): Partial<ProxyCommandOptions> {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > FILE_LIMIT) {
    throw new DeputyError('BAD_CONFIG', `--config: ${file} is too large for a configuration`);
  }
  return parseConfig(textFile(file, '--config'), file);
}

/** As `readConfig`, of a text; `file` names it in errors, and its folder is where relative paths begin. */
export function parseConfig(text: string, file: string): Partial<ProxyCommandOptions> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const fail = (errors: readonly (readonly [offset: number, message: string])[]): never => {
    const told = [...errors]
      .sort(([one], [other]) => one - other)
      .map(([offset, message]) => {
        const { line, col } = lines.linePos(offset);
        return `${file}:${line}:${col}: ${message}`;
      });
    throw new DeputyError('BAD_CONFIG', [...new Set(told)].join('\n'));
  };
  if (document.errors.length > 0) {
    fail(document.errors.map(({ pos, message }) => [pos[0], plainText(message, 200)]));
  }
  const config = contents(document, fail);
  validator ??= new Ajv2020({ allErrors: true, verbose: true, allowUnionTypes: true }).compile(
    configSchema(),
  );
  const validate = validator;
  if (!validate(config)) fail(validate.errors!.map((error) => [offsetOf(document, error), meaning(error)]));
  const options: Record<string, unknown> = {};
  const wrong: [number, string][] = [];
  for (const [name, entry] of ENTRIES) {
    if (!Object.hasOwn(config, name)) continue;
    try {
      options[camelCase(name)] = at([name], () => entry.fromFile(config[name], dirname(resolve(file))));
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      wrong.push([offsetAt(document, error.path), `${where(error.path)}: ${error.message}`]);
    }
  }
  if (wrong.length > 0) fail(wrong);
  return options as Partial<ProxyCommandOptions>;
}

/** Options as a configuration file; secrets blotted out. */
export function printConfig(options: ProxyCommandOptions): string {
  const values = options as unknown as Record<string, unknown>;
  const shown = ENTRIES.filter(([name]) => values[camelCase(name)] !== undefined).map(([name, entry]) => [
    name,
    entry.show(values[camelCase(name)]),
  ]);
  return stringify(Object.fromEntries(shown));
}

function contents(document: Document, fail: (errors: [number, string][]) => never): Record<string, unknown> {
  let config: unknown;
  try {
    // Aliases are bounded by the library: no small file becomes a large one.
    config = document.toJS();
  } catch (error) {
    fail([[0, (error as Error).message]]);
  }
  return (config ?? {}) as Record<string, unknown>;
}

function meaning({ keyword, params, instancePath, parentSchema, data }: ErrorObject): string {
  const path = pathOf(instancePath);
  if (keyword === 'additionalProperties') {
    const known = Object.keys((parentSchema?.properties ?? {}) as object);
    const name = String(params.additionalProperty);
    const near = nearest(name, known);
    const advice = near === undefined ? `keys are ${known.join(', ')}` : `did you mean '${near}'?`;
    return `there is no key '${plainText(name, 80)}'${path.length === 0 ? '' : ` in ${where(path)}`}: ${advice}`;
  }
  const name = path.length === 0 ? 'the configuration' : where(path);
  switch (keyword) {
    case 'type':
      return `${name} must be ${[params.type].flat().map(typeName).join(' or ')}`;
    case 'enum': {
      const allowed = params.allowedValues as string[];
      const near = nearest(String(data), allowed);
      return `${name} must be one of ${allowed.join(', ')}${near === undefined ? '' : `: did you mean '${near}'?`}`;
    }
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
      return `${name} must be ${params.comparison} ${params.limit}`;
    default: {
      const examples = parentSchema?.examples as string[] | undefined;
      return `${name} is empty or of the wrong form${examples === undefined ? '' : `: write it like ${examples.join(', ')}`}`;
    }
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list of such',
  object: 'a mapping of keys to values',
};
const typeName = (type: string) => TYPES[type] ?? type;

const where = (path: Path): string =>
  path
    .map((step, i) => (typeof step === 'number' ? `[${step + 1}]` : `${i === 0 ? '' : '.'}${step}`))
    .join('');

/** RFC 6901 §4, as ajv writes where it is. Steps of digits are indices where the value is a list. */
const pathOf = (pointer: string): Path =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));

function offsetOf(document: Document, { keyword, instancePath, params }: ErrorObject): number {
  const path = pathOf(instancePath);
  if (keyword !== 'additionalProperties') return offsetAt(document, path);
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  const pair = isMap(map)
    ? map.items.find(({ key }) => isScalar(key) && String(key.value) === params.additionalProperty)
    : undefined;
  return (isNode(pair?.key) ? pair.key.range?.[0] : undefined) ?? offsetAt(document, path);
}

/** Where the value at `path` begins; that of what holds it, where it has no place of its own. */
function offsetAt(document: Document, path: Path): number {
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  if (isNode(node) && node.range) return node.range[0];
  return path.length === 0 ? 0 : offsetAt(document, path.slice(0, -1));
}
