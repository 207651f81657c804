// The handheld of the demo: the client in this process, or its firmware on an emulated board.
import type { Observer } from '../../client/observer.js';
import type { DeviceProfile } from '../../delegation/device.js';
import { DeputyClient } from '../../index.js';

export interface DemoSetting {
  proxy: { host: string; port: number; serverName: string; token: string };
  /** PEM: what the proxy's and the origins' certificates lead to. */
  roots: string;
  /** Hosts whose sessions the device delegates. */
  admitted: readonly string[];
  profile: DeviceProfile;
  observer: Observer;
}

export interface DemoPage {
  ok: boolean;
  page: string;
  /** What ran the device program. */
  engine: string;
  /** Plaintext bytes that went through the device's own ciphers. */
  cryptoBytes: number;
}

/** Fetches one page through the proxy, and tells its steps to the observer. */
export type DemoDevice = (url: string, setting: DemoSetting) => Promise<DemoPage>;

/** The client in this process. */
export const localDevice =
  (engine?: 'wasm3' | 'v8'): DemoDevice =>
  async (url, { proxy, roots, admitted, profile, observer }) => {
    const client = new DeputyClient({
      proxy: { ...proxy, roots },
      roots,
      policy: { rules: admitted.map((origin) => ({ origin, decision: 'session' })) },
      profile,
      observer,
      ...(engine && { engine }),
    });
    try {
      const response = await client.fetch(url);
      const page = await response.text();
      const { kind, cryptoBytes } = await client.engine();
      return { ok: response.status === 200, page, engine: kind, cryptoBytes };
    } finally {
      await client.close();
    }
  };
