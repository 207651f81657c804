// A user's module that holds a service: imported, and checked before anything of it runs.
import type { Service } from './service.js';

/** What a user's service may have. */
export const HOOKS = ['request', 'admits', 'settle', 'response', 'sessionClosed', 'close'] as const;
export type HookName = (typeof HOOKS)[number];

export type Imported =
  | { name: string; hooks: readonly HookName[]; service: Partial<Service> }
  | { bad: string };

/** Its default export is a service, or a function that makes one. `bad`: what is wrong with it. Never rejects. */
export async function importService(url: string): Promise<Imported> {
  let made: unknown;
  try {
    const { default: exported } = (await import(url)) as { default?: unknown };
    made = typeof exported === 'function' ? await exported() : exported;
  } catch (error) {
    return { bad: error instanceof Error ? error.message : String(error) };
  }
  if (typeof made !== 'object' || made === null)
    return { bad: 'its default export is no object, and makes none' };
  const service = made as Partial<Service>;
  const { name } = service;
  if (typeof name !== 'string' || !/^[\w.-]{1,40}$/.test(name)) {
    return { bad: "it has no name of letters, digits, '.', '_' and '-'" };
  }
  const known: readonly string[] = [...HOOKS, 'name'];
  // A module may keep what else it likes; a function that it takes for a hook would never be called.
  const stranger = Object.entries(service).find(
    ([key, value]) => typeof value === 'function' && !known.includes(key),
  );
  if (stranger !== undefined)
    return { bad: `there is no hook '${stranger[0]}': hooks are ${HOOKS.join(', ')}` };
  const hooks = HOOKS.filter((hook) => service[hook] !== undefined);
  const broken = hooks.find((hook) => typeof service[hook] !== 'function');
  return broken === undefined ? { name, hooks, service } : { bad: `its '${broken}' is no function` };
}

/**
 * The service of a module in this very process, which it can block, exhaust and end: for modules that are trusted as
 * the proxy itself is. Throws an Error that says what is wrong with it.
 */
export async function trusted(url: string): Promise<Service> {
  const imported = await importService(url);
  if ('bad' in imported) throw new Error(imported.bad);
  const { name, hooks, service } = imported;
  // biome-ignore lint/suspicious/noExplicitAny: each hook is called with what that hook takes
  const hook = (each: HookName) => (service[each] as (...args: any[]) => unknown).bind(service);
  return { ...Object.fromEntries(hooks.map((each) => [each, hook(each)])), name };
}
