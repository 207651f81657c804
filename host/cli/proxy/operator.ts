// Opens the operator's listener of a proxy, where one is asked for.
import type { Operated, OperatorServer } from '../../operator/server.js';
import type { ProxyServer } from '../../proxy/proxy.js';
import { textFile } from '../arguments.js';
import { packageVersion } from '../version.js';
import { auditTrail } from './audit_trail.js';
import type { ProxyCommandOptions } from './options.js';

export interface OperatedProxy {
  proxy: ProxyServer;
  listening: string;
  isStopping: () => boolean;
}

/** Undefined without --admin. Loads nothing of it then. */
export async function openOperator(
  options: ProxyCommandOptions,
  { proxy, listening, isStopping }: OperatedProxy,
): Promise<OperatorServer | undefined> {
  if (options.admin === undefined) return undefined;
  const { operatedProxy } = await import('../../operator/operated.js');
  const audit = options.audit === undefined ? {} : { audit: auditTrail([options.audit]) };
  const surroundings = { version: packageVersion(), listening, isStopping, ...audit };
  return serveOperator(options, operatedProxy(proxy, surroundings));
}

/** Throws DeputyError where the address or the token won't do. */
export async function serveOperator(
  { admin, adminTokenFile }: ProxyCommandOptions,
  operated: Operated,
): Promise<OperatorServer> {
  const { operatorServer } = await import('../../operator/server.js');
  return operatorServer(operated, {
    ...admin!,
    ...(adminTokenFile !== undefined && { token: textFile(adminTokenFile, '--admin-token-file').trim() }),
  });
}
