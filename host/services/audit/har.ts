// An audit log as HAR 1.2, for the tools that show web traffic. What the log does not hold, HAR's fields leave open.
import type { Json } from './canonical.js';
import type { Entry } from './entry.js';
import { linesOf } from './verify.js';

interface Content {
  bytes: number;
  sha256: string;
}
type Headers = [string, string][];

/** More requests than these are not waited for: they were never answered. */
const OPEN_REQUESTS = 100_000;

/** Pieces of one JSON document. Lines that are no entries are passed over: `verify` judges, this shows. */
export async function* har(
  files: readonly string[],
  version: string,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<string, void, void> {
  yield `{"log":{"version":"1.2","creator":{"name":"deputy","version":${JSON.stringify(version)}},"entries":[`;
  const open = new Map<string, Entry>();
  let separator = '\n';
  for await (const { bytes } of linesOf(files, onBytes)) {
    const entry = parsed(bytes);
    if (entry === undefined) continue;
    const key = `${entry.session} ${entry.number} ${entry.url}`;
    if (entry.kind === 'request') {
      if (open.size >= OPEN_REQUESTS) open.delete(open.keys().next().value!);
      open.set(key, entry);
    } else if (entry.kind === 'response' || entry.kind === 'observed') {
      yield separator + JSON.stringify(harEntry(entry, open.get(key)));
      separator = ',\n';
      open.delete(key);
    }
  }
  yield '\n]}}\n';
}

function harEntry(response: Entry, request: Entry | undefined) {
  const milliseconds = (response.milliseconds as number | undefined) ?? 0;
  const started = request?.time ?? new Date(Date.parse(response.time) - milliseconds).toISOString();
  const [sent] = contents(response.requestContent);
  const [before, after = before] = contents(response.responseContent);
  const headers = response.headers as unknown as Headers;
  return {
    startedDateTime: started,
    time: milliseconds,
    request: {
      method: response.method,
      url: response.url,
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: named((request?.headers ?? response.requestHeaders ?? []) as unknown as Headers),
      queryString: query(response.url as string),
      headersSize: -1,
      bodySize: sent?.bytes ?? -1,
    },
    response: {
      status: response.status,
      statusText: '',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: named(headers),
      content: {
        size: after?.bytes ?? 0,
        mimeType: headers.find(([name]) => name === 'content-type')?.[1] ?? '',
        ...(response.whole === false && { comment: 'cut short' }),
      },
      redirectURL: '',
      headersSize: -1,
      bodySize: after?.bytes ?? -1,
    },
    cache: {},
    timings: { send: 0, wait: milliseconds, receive: 0 },
    connection: response.session,
    _entry: response.entry,
    _client: response.client,
    _requestChangedBy: response.requestChangedBy ?? [],
    _changedBy: response.changedBy ?? [],
    _originBytes: before?.bytes ?? 0,
    ...(before !== undefined && { _originSha256: before.sha256 }),
    ...(after !== undefined && { _sha256: after.sha256 }),
  };
}

const contents = (value: Json | undefined) => (value ?? []) as unknown as Content[];
const named = (headers: Headers) => headers.map(([name, value]) => ({ name, value }));

function query(url: string): { name: string; value: string }[] {
  const at = url.indexOf('?');
  return at < 0 ? [] : [...new URLSearchParams(url.slice(at + 1))].map(([name, value]) => ({ name, value }));
}

function parsed(bytes: Buffer): Entry | undefined {
  try {
    const value = JSON.parse(bytes.toString()) as Entry;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
