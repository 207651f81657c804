// `deputy get`: fetches one URL through a proxy that this device admits into the session.
import { Command, Option } from 'commander';

import type { Observer } from '../client/observer.js';
import type { ClientResponse } from '../client/sessions/exchange.js';
import { grantName } from '../delegation/grant.js';
import { authority } from '../delegation/origin.js';
import { toHex } from '../delegation/text.js';
import { Cookies } from '../gateway/cookies.js';
import { DeputyClient } from '../index.js';
import { parseUrl } from '../platform/node/platform.js';
import { suiteName, versionName } from '../tls/names.js';
import { headerLine, originPatterns, seconds } from './arguments.js';
import {
  addClientFlags,
  type ClientFlags,
  checkClientFlags,
  clientOptions,
  deviceFlag,
} from './client_options.js';
import { describe } from './describe.js';
import { exitCodeOf } from './get/exit_codes.js';
import {
  dataPart,
  follow,
  formPart,
  planRequest,
  type RequestFlags,
  remoteName,
  upgraded,
} from './get/request.js';
import { ReceiptKeeper } from './kept_receipts.js';
import { withProgress, writeBody } from './output.js';
import { Tracer } from './trace/tracer.js';

interface GetOptions extends ClientFlags, RequestFlags {
  cookieJar?: string;
  remoteName?: boolean;
  output?: string;
  json?: boolean;
  receipts?: string;
}

export function getCommand(): Command {
  const command = new Command('get')
    .description('Fetch an https: URL; the page goes to standard output.')
    .argument('<url>', 'what to fetch');
  return addClientFlags(command)
    .addOption(
      new Option('--allow <pattern>', 'a further origin that redirects may lead to').argParser(
        originPatterns,
      ),
    )
    .addOption(
      new Option(
        '--allow-tunnel <pattern>',
        'an origin that the proxy may ask for, for parts of the page',
      ).argParser(originPatterns),
    )
    .addOption(deviceFlag())
    .addOption(new Option('-H, --header <line>', 'a request header, "Name: value"').argParser(headerLine))
    .addOption(new Option('--timeout <seconds>', 'for the answer of the origin').argParser(seconds))
    .option('-X, --request <method>', 'GET unless told; POST with -d or -F')
    .option('-I, --head', 'ask for the headers alone, and print them')
    .addOption(
      new Option('-d, --data <data>', 'send this as a form does; @FILE for its content').argParser(dataPart),
    )
    .addOption(
      new Option('-F, --form <part>', 'send a form with files: name=content or name=@file').argParser(
        formPart,
      ),
    )
    .option('--cookie-jar <file>', 'take cookies from this file, and keep new ones there')
    .option('-o, --output <file>', 'write the page to a file')
    .option('-O, --remote-name', 'write the page to a file of its own name')
    .option('--json', 'print one JSON object instead of the page')
    .option('--receipts <file>', "add the proxy's receipts to a file, for 'deputy audit verify --receipts'")
    .addHelpText('after', EXAMPLES)
    .action(async (url: string, options: GetOptions, command: Command) => {
      if (parseUrl(upgraded(url))?.protocol !== 'https:') {
        command.error(`error: '${url}' is no https: URL`, { exitCode: 2 });
      }
      if (options.data !== undefined && options.form !== undefined) {
        command.error('error: -d and -F exclude each other', { exitCode: 2 });
      }
      checkClientFlags(options, command);
      process.exitCode = await get(url, options);
    });
}

const EXAMPLES = `
Examples:
  deputy get https://www.example.com/ --proxy proxy.example:8443 --proxy-ca proxy.pem --ca roots.pem
  deputy get https://www.example.com/ --direct --ca roots.pem --trace -o page.html

Exit codes: 0 ok, 1 failed (also when the origin answers 400 or above, or its answer is cut), 2 wrong usage; as curl has
them 7 not reached, 23 not written, 28 too slow, 47 too many redirects, 60 a certificate that does not verify.
Redirects are followed, those to http: by https:. --allow, --allow-tunnel, --header, -d and -F may be given several times.`;

/** Fetches and writes; the result is the exit code. */
async function get(url: string, options: GetOptions): Promise<number> {
  const started = Date.now();
  const tracer = options.trace ? new Tracer((text) => process.stderr.write(text)) : undefined;
  const keeper = options.proxy && isWorkedOn(options.grant) ? keeperFor(options.proxy, tracer) : undefined;
  const cookies = options.cookieJar === undefined ? undefined : Cookies.open(options.cookieJar);
  const plan = await planRequest(url, options);
  const client = new DeputyClient(clientOptions(plan.url, options, keeper ?? tracer));
  const file = options.output ?? (options.remoteName ? remoteName(plan.url.href) : undefined);
  try {
    const response = await follow(client, plan, cookies);
    if (plan.method === 'HEAD' && !options.json) process.stdout.write(headText(response));
    const length = response.headers.get('content-length');
    const body = withProgress(response.body, length === undefined ? undefined : Number(length));
    const content = options.json && file === undefined ? await collect(body) : undefined;
    const bytes = content?.length ?? (await writeBody(body, file));
    await keeper?.settled();
    if (options.json) {
      const { kind: engine } = await client.engine();
      print(summary(response, { bytes, engine, milliseconds: Date.now() - started, content }));
    }
    if (options.receipts !== undefined) keeper?.write(options.receipts);
    tracer?.end();
    // Said last: the content is there, and what is wrong is the proxy.
    if (response.session.receiptFault !== undefined) throw response.session.receiptFault;
    if (response.status < 400) return 0;
    process.stderr.write(`deputy: ${response.url} answered ${response.status} ${response.statusText}\n`);
    return 1;
  } catch (error) {
    tracer?.end();
    if (!options.json) {
      process.stderr.write(`deputy: ${describe(error)}\n`);
      return exitCodeOf(error);
    }
    const { code = 'FAILED', message } = error as { code?: string; message: string };
    print({ ok: false, url, error: { code, message } });
    return exitCodeOf(error);
  } finally {
    await client.close();
  }
}

/** As the wire has it. */
function headText({ status, statusText, headers }: ClientResponse): string {
  return `HTTP/1.1 ${status} ${statusText}\n${[...headers].map(([name, value]) => `${name}: ${value}\n`).join('')}`;
}

/** Whether answers have receipts: what a proxy only reads, it says nothing of. */
const isWorkedOn = (grant: ClientFlags['grant']) => grant !== 'none' && grant !== 'observe';

const keeperFor = ({ host, port }: { host: string; port: number }, next: Observer | undefined) =>
  new ReceiptKeeper(authority(host, port), next);

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

interface Measured {
  bytes: number;
  engine: 'wasm3' | 'v8';
  milliseconds: number;
  content: Buffer | undefined;
}

/** The object of --json. `body` is text where it is UTF-8, else base64; it is left out with -o. */
function summary(response: ClientResponse, { bytes, engine, milliseconds, content }: Measured) {
  const { session } = response;
  return {
    ok: response.status < 400,
    url: response.url,
    status: response.status,
    headers: [...response.headers],
    bytes,
    milliseconds,
    engine,
    delegated: session.delegated,
    ...(session.grant !== undefined && { grant: grantName(session.grant) }),
    tlsVersion: versionName(session.tls.version),
    cipherSuite: suiteName(session.tls.cipherSuite),
    certificateHash: toHex(session.tls.certificateHash),
    receipts: session.receipts.map(({ services, bytesBefore, bytesAfter, verified }) => ({
      verified,
      services,
      bytesBefore,
      bytesAfter,
    })),
    ...(content && bodyOf(content)),
  };
}

function bodyOf(content: Buffer): { body: string } | { bodyBase64: string } {
  try {
    return { body: new TextDecoder('utf-8', { fatal: true }).decode(content) };
  } catch {
    return { bodyBase64: content.toString('base64') };
  }
}

const print = (object: unknown) => process.stdout.write(`${JSON.stringify(object, null, 2)}\n`);
