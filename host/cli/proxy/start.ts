// From the options of the command to a proxy that listens.
import { DeputyError } from '../../delegation/error.js';
import { authority } from '../../delegation/origin.js';
import type { Log } from '../../proxy/log.js';
import type { ProxyOptions } from '../../proxy/options.js';
import { createProxy, type ProxyServer } from '../../proxy/proxy.js';
import { textFile } from '../arguments.js';
import { loadServices } from '../services.js';
import type { ProxyCommandOptions } from './options.js';
import { parseTokens } from './tokens.js';

/** A listening proxy. Throws DeputyError with what to do next. */
export async function startProxy(options: ProxyCommandOptions): Promise<ProxyServer> {
  const proxy = makeProxy(await proxyOptions(options));
  const { host, port } = options.listen;
  try {
    await proxy.listen(port, host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DeputyError(
      'CANNOT_LISTEN',
      `${authority(host, port)} can't be listened on (${code}): is it taken, or not an address of this machine?`,
    );
  }
  return proxy;
}

/** Everything that the files named in the options hold, read and checked. */
export async function proxyOptions(options: ProxyCommandOptions): Promise<ProxyOptions> {
  const log = await openLog(options);
  return {
    ...admission(options),
    ...(options.plaintext === true && { plaintext: true }),
    targets: {
      allow: options.allowTarget ?? [],
      deny: options.denyTarget ?? [],
      ...(options.resolve !== undefined && { addresses: options.resolve }),
      ...(options.allowPort !== undefined && {
        ports: options.allowPort.includes('any') ? ('any' as const) : (options.allowPort as number[]),
      }),
    },
    services: await loadServices(options, log),
    undelivered: options.undelivered,
    ...(options.requireDelegation && { requireDelegation: true }),
    ...(options.legacy && {
      legacy: await (await import('../../platform/node/record_engine.js')).loadRecordEngine(),
    }),
    limits: {
      ...(options.holdTime !== undefined && { deliveryTimeout: options.holdTime }),
      ...(options.maxSessions !== undefined && { sessionsPerPrincipal: options.maxSessions }),
    },
    log,
  };
}

/** The proxy's own certificate, and whom it admits. */
function admission({ cert, key, plaintext, tokenFile, clientCa }: ProxyCommandOptions) {
  if (plaintext !== true && (cert === undefined || key === undefined)) {
    throw new DeputyError(
      'NO_CERTIFICATE',
      'a proxy needs --cert and --key, or --plaintext for blind tunnels only',
    );
  }
  if (tokenFile === undefined && clientCa === undefined) {
    throw new DeputyError('NO_ADMISSION', 'say who may use the proxy: --token-file, --client-ca or both');
  }
  return {
    ...(plaintext !== true && {
      tls: { certificate: textFile(cert!, '--cert'), key: textFile(key!, '--key') },
    }),
    ...(tokenFile !== undefined && { tokens: parseTokens(textFile(tokenFile, '--token-file')) }),
    ...(clientCa !== undefined && { clientAuthorities: [textFile(clientCa, '--client-ca')] }),
  };
}

async function openLog({ logLevel }: ProxyCommandOptions): Promise<Log> {
  return (await import('../proxy_log.js')).logTo(process.stderr, logLevel);
}

function makeProxy(options: ProxyOptions): ProxyServer {
  try {
    return createProxy(options);
  } catch (error) {
    throw new DeputyError('BAD_OPTIONS', `the proxy can't be set up: ${(error as Error).message}`);
  }
}
