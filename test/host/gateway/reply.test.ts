// Answers to slow browsers.
import { createServer, get, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { sendReply } from '../../../host/gateway/reply.js';

test('a body of many pieces leaves no listener behind for each', async () => {
  const counts: number[] = [];
  async function* pieces(response: ServerResponse): AsyncGenerator<Uint8Array, void, void> {
    for (let piece = 0; piece < 20; piece++) {
      counts.push(response.listenerCount('close') + response.listenerCount('drain'));
      // Larger than any buffer on the way: each waits for the reader.
      yield Buffer.alloc(1_048_576);
    }
  }
  const server = createServer((request, response) => {
    void sendReply(request, response, { status: 200, headers: [], body: pieces(response) });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const bytes = await new Promise<number>((resolve, reject) => {
    get({ port, host: '127.0.0.1' }, (response) => {
      let length = 0;
      response.on('data', (part: Buffer) => {
        length += part.length;
      });
      response.on('end', () => resolve(length));
    }).on('error', reject);
  });
  server.close();
  expect(bytes).toBe(20 * 1_048_576);
  expect(counts).toEqual(counts.map(() => counts[0]));
});
