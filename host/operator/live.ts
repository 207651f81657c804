// Tells open pages what has changed, by server-sent events (HTML standard §9.2).
import type { ServerResponse } from 'node:http';
import type { OperatorView } from './view.js';

const INTERVAL = 1000;
/** Open pages at once. */
const STREAMS = 16;
/** A page that does not read its events gets no more of them. */
const UNREAD_BYTES = 4 << 20;

export class LiveStreams {
  readonly #open = new Map<ServerResponse, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly view: () => Promise<OperatorView>) {}

  async open(response: ServerResponse, headers: Record<string, string>): Promise<void> {
    if (this.#open.size >= STREAMS) {
      response.writeHead(503, { ...headers, 'Retry-After': '5' }).end();
      return;
    }
    response.writeHead(200, { ...headers, 'Content-Type': 'text/event-stream' });
    this.#open.set(response, '');
    response.once('close', () => this.#drop(response));
    this.#timer ??= setInterval(() => void this.#tell(), INTERVAL).unref();
    await this.#tell();
  }

  close(): void {
    for (const response of [...this.#open.keys()]) response.end();
  }

  async #tell(): Promise<void> {
    const text = JSON.stringify(await this.view());
    for (const [response, before] of this.#open) {
      if (response.writableLength > UNREAD_BYTES) response.destroy();
      // JSON holds no line end, so it is one line of data.
      else if (text !== before) response.write(`data: ${text}\n\n`);
      if (this.#open.has(response)) this.#open.set(response, text);
    }
  }

  #drop(response: ServerResponse): void {
    this.#open.delete(response);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
