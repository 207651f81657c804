import type { Client } from '../../../host/client/client.js';

export type Kind = 'required' | 'optimal' | 'check';
export interface Result {
  id: string;
  kind: Kind;
  name: string;
  passed: boolean;
  why?: string;
}
export type Fetcher = (url: string, init?: object) => Promise<unknown>;
export const kinds: readonly Kind[];
export function fetcher(request: Client['request']): Fetcher;
export function runSuite(
  base: string,
  fetchers: readonly Fetcher[],
  wanted?: (test: { id: string; kind: Kind; requests: readonly { pause_after?: boolean }[] }) => boolean,
): Promise<Result[]>;
export function startSuiteOrigin(certificate: {
  chainPem: string;
  keyPem: string;
}): Promise<{ port: number; stop(): Promise<void> }>;
