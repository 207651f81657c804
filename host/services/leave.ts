// Sites that no service touches: what an operator lists passes as its origin sends it.
import type { Flow, Service } from './service.js';

/** `service`, which never hears of pages of `hosts` and their subdomains, nor of what other pages fetch from there. */
export function leaving(service: Service, hosts: readonly string[]): Service {
  const left = new Set(hosts.map((host) => host.toLowerCase()));
  const isLeft = (host: string): boolean => {
    let name = host.toLowerCase();
    while (!left.has(name)) {
      const dot = name.indexOf('.');
      if (dot < 0) return false;
      name = name.slice(dot + 1);
    }
    return true;
  };
  const isOfLeft = ({ origin }: Pick<Flow, 'origin'>) => isLeft(origin.host);
  const { request, settle, response, stream, admits, observed } = service;
  return {
    ...service,
    ...(request && { request: (flow) => (isOfLeft(flow) ? undefined : request.call(service, flow)) }),
    ...(settle && { settle: (flow) => (isOfLeft(flow) ? undefined : settle.call(service, flow)) }),
    ...(response && { response: (flow) => (isOfLeft(flow) ? undefined : response.call(service, flow)) }),
    ...(stream && { stream: (flow) => (isOfLeft(flow) ? undefined : stream.call(service, flow)) }),
    ...(observed && { observed: (seen) => (isOfLeft(seen) ? undefined : observed.call(service, seen)) }),
    ...(admits && {
      admits: (url: string, flow: Flow) =>
        isOfLeft(flow) ||
        (URL.canParse(url) && isLeft(new URL(url).hostname)) ||
        admits.call(service, url, flow),
    }),
  };
}
