// An entry of an audit log for people.
import { plainText } from '../delegation/text.js';

interface Shown {
  [field: string]: unknown;
  entry: number;
  time: string;
  kind: string;
}
interface Content {
  bytes: number;
}

/** One line of the log as one line of text; controls in it are made harmless. `timed`: with the time of the entry. */
export function shown(line: string, timed = true): string {
  let entry: Shown;
  try {
    entry = JSON.parse(line) as Shown;
  } catch {
    return `? ${plainText(line, 200)}`;
  }
  const session = String(entry.session ?? '').slice(0, 8);
  const time = timed ? `${entry.time} ` : '';
  const mark = entry.unverified === undefined ? '' : ' unverified';
  return plainText(`${entry.entry} ${time}${session} ${entry.kind} ${details(entry)}${mark}`, 2000).trimEnd();
}

function details(entry: Shown): string {
  switch (entry.kind) {
    case 'opened': {
      const { host, port } = (entry.origin ?? {}) as { host?: string; port?: number };
      return `${entry.client} admits the proxy to ${host}:${port}, grant ${entry.grant}, leg ${entry.leg}`;
    }
    case 'request':
      return `${entry.method} ${entry.url}`;
    case 'response':
    case 'observed':
      return `${entry.status} ${entry.method} ${entry.url} ${sizes(entry.responseContent)}${changes(entry)}${
        entry.whole === false ? ' CUT SHORT' : ''
      }`;
    case 'tunnel': {
      const { host, port } = (entry.origin ?? {}) as { host?: string; port?: number };
      return `${entry.client} to ${host}:${port}, ${entry.unread}: nothing of it was read`;
    }
    case 'streamed':
      return `${bytesOf(entry.fromClient)} up, ${bytesOf(entry.fromOrigin)} down, ${entry.milliseconds} ms`;
    case 'closed':
      return String(entry.code);
    case 'recovered':
      return `${entry.lost} bytes of an unfinished line were removed`;
    default:
      return '';
  }
}

const bytesOf = (content: unknown) => `${(content as Content | undefined)?.bytes ?? 0} bytes`;

function sizes(contents: unknown): string {
  const [before, after = before] = (contents ?? []) as Content[];
  return before?.bytes === after?.bytes ? bytesOf(after) : `${before?.bytes} to ${bytesOf(after)}`;
}

function changes({ requestChangedBy = [], changedBy = [] }: Shown): string {
  const names = [...(requestChangedBy as string[]), ...(changedBy as string[])];
  return names.length === 0 ? '' : ` by ${[...new Set(names)].join(', ')}`;
}
