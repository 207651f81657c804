// A device that reads pages through a delegated session, part by part where they come in parts.
import { readFile } from 'node:fs/promises';
import type { DeviceProfile } from '../../host/delegation/device.js';
import { loadV8 } from '../../host/engine/v8.js';
import { DeputyClient, nodePlatform } from '../../host/index.js';
import { type Bench, TOKEN } from '../host/proxy/bench.js';

const program = new URL('../../build/client.wasm', import.meta.url);

export interface ReadPage {
  type: string;
  /** Each part as it came. */
  parts: Buffer[];
}

export class Device {
  readonly #client: DeputyClient;
  readonly #base: string;

  constructor(profile: DeviceProfile, bench: Bench, port: number) {
    this.#base = `https://localhost:${port}`;
    this.#client = new DeputyClient({
      platform: { ...nodePlatform(), loadProgram: async () => loadV8(await readFile(program)) },
      roots: bench.ca,
      proxy: { host: 'localhost', port: bench.port, roots: bench.ca, token: TOKEN },
      policy: { rules: [{ origin: '*', decision: 'session' }] },
      profile,
    });
  }

  /** All parts of a page, or the first `most`. Throws where an answer is none. */
  async read(path: string, most = Number.POSITIVE_INFINITY): Promise<ReadPage> {
    const read: ReadPage = { type: '', parts: [] };
    let next: string | undefined = path;
    while (next !== undefined && read.parts.length < most) {
      const { status, headers, body } = await this.#client.request(`${this.#base}${next}`, {
        headers: [['Accept-Encoding', 'identity']],
      });
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk.slice());
      if (status !== 200) throw new Error(`${next}: status ${status}`);
      read.type = headers.get('content-type') ?? '';
      read.parts.push(Buffer.concat(chunks));
      // Each part names the next one of the same copy.
      const parameter = `deputy\\.deck=${read.parts.length + 1}(?:\\.[\\w-]{11})?(?![\\w.-])`;
      const [found] = new RegExp(parameter).exec(Buffer.concat(chunks).toString('latin1')) ?? [];
      next = found === undefined ? undefined : `${path}?${found}`;
    }
    return read;
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
