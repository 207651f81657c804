// The services of `deputy proxy` that change pages themselves: the filter, the reader, the browser.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DeputyError } from '../delegation/error.js';
import type { Log } from '../proxy/log.js';
import type { Service } from '../services/service.js';
import { textFile } from './arguments.js';

export interface PageServiceOptions {
  /** Files of filter rules. */
  filter?: string[];
  /** Show the article of each page, or a link to it. */
  reader?: boolean;
  readerLink?: boolean;
  /** Chromium, which renders pages; and which pages it renders, beside those that are empty without it. */
  browser?: string;
  renderAlways?: boolean;
  renderHost?: string[];
}

/** A service that can take other options while it runs. Throws DeputyError, and keeps the old ones. */
export interface Reloadable extends Service {
  reload(options: Pick<PageServiceOptions, 'filter'>): void;
}

export const isReloadable = (service: Service): service is Reloadable => 'reload' in service;

/** Lines that can't be used are named one by one up to so many of a list. */
const MAX_NAMED = 100;

export async function openFilter(files: readonly string[], log: Log): Promise<Reloadable> {
  const [{ filter }, { parseList }] = await Promise.all([
    import('../services/filter/index.js'),
    import('../services/filter/list.js'),
  ]);
  const read = (files: readonly string[]): Service => {
    const lists = files.map((file) => {
      const list = parseList(textFile(file, '--filter'));
      const { unusable } = list;
      for (const { line, text, why } of unusable.slice(0, MAX_NAMED))
        log.warn({ file, line, text, why }, 'a line of a filter list is left out');
      if (unusable.length > MAX_NAMED)
        log.warn({ file, lines: unusable.length - MAX_NAMED }, 'further lines of a filter list are left out');
      return list;
    });
    const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
    log.info(
      {
        rules: sum(lists.map(({ addresses }) => addresses.length)),
        elements: sum(lists.map(({ elements }) => elements.length)),
        leftOut: sum(lists.map(({ unusable }) => unusable.length)),
      },
      'filter lists are read',
    );
    return filter(lists);
  };
  let current = read(files);
  return {
    name: current.name,
    request: (flow) => current.request!(flow),
    admits: (url, flow) => current.admits!(url, flow),
    stream: (flow) => current.stream!(flow),
    settle: (flow) => current.settle!(flow),
    response: (flow) => current.response!(flow),
    reload: (options) => {
      current = read(options.filter ?? []);
    },
  };
}

/** Packages that are installed by those who use what needs them. Throws DeputyError where one is missing. */
function needPackages(option: string, names: readonly string[]): void {
  const { resolve } = createRequire(import.meta.url);
  const missing = names.filter((name) => {
    try {
      resolve(name);
      return false;
    } catch {
      return true;
    }
  });
  if (missing.length > 0) {
    const what = `npm install ${missing.join(' ')}`;
    throw new DeputyError('MISSING_PACKAGE', `${option} needs what is not installed here: ${what}`);
  }
}

/** Where systems have it. */
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export async function openRender(
  { browser, renderAlways, renderHost }: PageServiceOptions,
  log: Log,
): Promise<Service> {
  needPackages('--service render', ['playwright-core']);
  const executable = browser ?? BROWSERS.find((file) => existsSync(file));
  if (executable === undefined || !existsSync(executable)) {
    const what = executable === undefined ? 'give one with --browser FILE' : `there is no ${executable}`;
    throw new DeputyError('BAD_SERVICE', `--service render needs Chromium: ${what}`);
  }
  const { render } = await import('../services/render/index.js');
  return render({
    executable,
    always: renderAlways === true,
    hosts: renderHost ?? [],
    log: { warn: (message, fields = {}) => log.warn({ ...fields }, message) },
  });
}

export async function openReader({ reader: isAlways }: PageServiceOptions): Promise<Service> {
  needPackages(isAlways ? '--reader' : '--reader-link', ['@mozilla/readability', 'linkedom']);
  const { reader } = await import('../services/reader/index.js');
  return reader({ when: isAlways ? 'always' : 'link' });
}
