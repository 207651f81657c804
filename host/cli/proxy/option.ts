// An option: one entry gives its flag, its key in a configuration file, its schema and its type.
import { InvalidArgumentError } from 'commander';
import type { Kind, Schema } from './kinds.js';

export interface Entry<T> {
  help: string;
  /** In the help of the flag: `<file>`. Undefined for a switch, null where there is no flag. */
  placeholder: string | undefined | null;
  schema: Schema;
  choices: readonly string[] | undefined;
  /** `before`: what the flag gave when it stood there already. Throws InvalidArgumentError. */
  fromFlag(text: string, before: T | undefined): T;
  /** From a file, after its schema was checked. Throws BadValue. */
  fromFile(value: unknown, folder: string): T;
  /** As it would stand in a file. */
  show(value: T): unknown;
  /** The value where nothing is said. */
  otherwise?: T;
  /** SIGHUP reads it anew. */
  reloads: boolean;
}

/** A value of a file is wrong; `path` leads to it from the option's own key. */
export class BadValue extends InvalidArgumentError {
  constructor(
    readonly path: readonly (string | number)[],
    message: string,
  ) {
    super(message);
  }
}

export interface Also<T> {
  otherwise?: T;
  reloads?: boolean;
}

/** May be given once. */
export function one<T>(kind: Kind<T>, placeholder: string, help: string): Entry<T>;
export function one<T>(
  kind: Kind<T>,
  placeholder: string,
  help: string,
  also: Also<NoInfer<T>> & { otherwise: NoInfer<T> },
): Entry<T> & { otherwise: T };
export function one<T>(kind: Kind<T>, placeholder: string, help: string, also: Also<NoInfer<T>>): Entry<T>;
export function one<T>(kind: Kind<T>, placeholder: string, help: string, also: Also<T> = {}): Entry<T> {
  return {
    help,
    placeholder,
    schema: kind.schema,
    choices: kind.choices,
    fromFlag: (text) => kind.parse(text),
    fromFile: (value, folder) => at([], () => kind.parse(String(value), folder)),
    show: (value) => (kind.show === undefined ? value : kind.show(value)),
    reloads: also.reloads ?? false,
    ...('otherwise' in also && { otherwise: also.otherwise as T }),
  };
}

/** May be given several times; in a file a list, or the one value alone. */
export function many<T>(kind: Kind<T>, placeholder: string, help: string, also: Also<T[]> = {}): Entry<T[]> {
  const types = [kind.schema.type].flat();
  return {
    help: `${help}; may be repeated`,
    placeholder,
    // Keywords of JSON schema speak of one type each: `pattern` of strings, `items` of arrays.
    schema: { ...kind.schema, type: [...types, 'array'], items: kind.schema, minItems: 1 },
    choices: kind.choices,
    fromFlag: (text, before = []) => [...before, kind.parse(text)],
    fromFile: (value, folder) =>
      Array.isArray(value)
        ? value.map((each, index) => at([index], () => kind.parse(String(each), folder)))
        : [at([], () => kind.parse(String(value), folder))],
    show: (values) => (kind.show === undefined ? values : values.map((value) => kind.show!(value))),
    reloads: also.reloads ?? false,
  };
}

/** `NAME=VALUE`, several times; in a file a mapping. */
export function mapping<T>(kind: Kind<T>, placeholder: string, help: string): Entry<Record<string, T>> {
  return {
    help: `${help}; may be repeated`,
    placeholder,
    schema: { type: 'object', additionalProperties: kind.schema },
    choices: undefined,
    fromFlag(text, before = {}) {
      const [name = '', value = ''] = text.split('=');
      if (name === '') throw new InvalidArgumentError(`Write ${placeholder.slice(1, -1).toUpperCase()}.`);
      return { ...before, [name.toLowerCase()]: kind.parse(value) };
    },
    fromFile: (value, folder) =>
      Object.fromEntries(
        Object.entries(value as Record<string, unknown>).map(([name, each]) => [
          name.toLowerCase(),
          at([name], () => kind.parse(String(each), folder)),
        ]),
      ),
    show: (value) => value,
    reloads: false,
  };
}

/** On or off. */
export function flag(help: string): Entry<boolean>;
export function flag(help: string, also: { otherwise: boolean }): Entry<boolean> & { otherwise: boolean };
export function flag(help: string, also: { otherwise?: boolean } = {}): Entry<boolean> {
  return {
    help,
    placeholder: undefined,
    schema: { type: 'boolean' },
    choices: undefined,
    fromFlag: () => true,
    fromFile: (value) => value as boolean,
    show: (value) => value,
    reloads: false,
    ...(also.otherwise !== undefined && { otherwise: also.otherwise }),
  };
}

/** Runs `parse` for the value at `path`. */
export function at<T>(path: readonly (string | number)[], parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof BadValue) throw new BadValue([...path, ...error.path], error.message);
    if (error instanceof InvalidArgumentError) throw new BadValue(path, error.message);
    throw error;
  }
}

/** `cache-bytes` as a name in the program: `cacheBytes`. */
export type CamelCase<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

export const camelCase = (name: string): string =>
  name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

type Defaulted<Table> = {
  [K in keyof Table]: Table[K] extends { otherwise: unknown } ? K : never;
}[keyof Table];
type ValueOf<E> = E extends Entry<infer T> ? T : never;

/** The options of a table that have a default. */
export type DefaultValues<Table> = {
  [K in Defaulted<Table> & string as CamelCase<K>]: ValueOf<Table[K]>;
};

/** What a table of options gives: those with a default are always there. */
export type Values<Table> = DefaultValues<Table> & {
  [K in Exclude<keyof Table, Defaulted<Table>> & string as CamelCase<K>]?: ValueOf<Table[K]>;
};
