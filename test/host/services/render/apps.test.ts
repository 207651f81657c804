// Applications of one page reach devices without scripts as pages, whatever they are built with.
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PRESETS } from '../../../../host/delegation/device.js';
import { APPS, bundle, pageOf } from './apps.js';
import { CHROMIUM, type Origin, type Rendering, startOrigin, startRendering } from './world.js';

const absent = !existsSync(CHROMIUM);

describe.skipIf(absent)(`applications of one page${absent ? ' (skipped: no Chromium)' : ''}`, () => {
  let origin: Origin;
  let other: Origin;
  let rendering: Rendering;
  beforeAll(async () => {
    other = await startOrigin((_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' });
      response.end('[{"title":"A story from elsewhere","path":"/elsewhere"}]');
    });
    const scripts = new Map(
      await Promise.all(
        APPS.map(async (app): Promise<[string, string]> => [`/${app}.js`, await bundle(app)]),
      ),
    );
    origin = await startOrigin((request, response, body) => {
      const url = request.url ?? '/';
      const script = scripts.get(url);
      if (script !== undefined)
        return response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(script);
      if (url === '/api/stories') {
        const isAsked =
          request.method === 'POST' && body === '{"page":1}' && request.headers.cookie === 'sid=7';
        response.writeHead(isAsked ? 200 : 403, { 'Content-Type': 'application/json' });
        return response.end(isAsked ? '[{"title":"The first story","path":"/stories/1"}]' : '[]');
      }
      const app = url.slice(1);
      response.writeHead(APPS.includes(app) ? 200 : 404, { 'Content-Type': 'text/html' });
      return response.end(APPS.includes(app) ? pageOf(app, other.url) : 'none');
    });
    rendering = await startRendering();
  });
  afterAll(async () => {
    await rendering?.close();
    await origin?.close();
    await other?.close();
  });

  test.each(APPS)('%s', async (app) => {
    const text = await rendering.client()(`${origin.url}/${app}`, [['Cookie', 'sid=7']]);
    expect(rendering.warnings).toEqual([]);
    expect(text).toMatch(/<a [^>]*href="[^"]*\/?stories\/1"[^>]*>The first story<\/a>/);
    expect(text).toContain('A story from elsewhere');
    expect(text).not.toContain('enable JavaScript');
  });

  test.each(['wap', 'pager', 'chtml'])('for %s too', async (preset) => {
    const ask = rendering.client([], PRESETS.get(preset)!);
    const text = await ask(`${origin.url}/plain`, [['Cookie', 'sid=7']]);
    expect(text).toContain('The first story');
  });

  test('without what the policy of the client refuses', async () => {
    const ask = rendering.client([other.port]);
    other.requests.length = 0;
    const before = rendering.warnings.length;
    await ask(`${origin.url}/plain`, [['Cookie', 'sid=7']]);
    expect(other.requests.length).toBe(0);
    expect(rendering.warnings.length).toBe(before);
  });

  test('with cookies for their own origin alone', async () => {
    other.requests.length = 0;
    await rendering.client()(`${origin.url}/plain`, [['Cookie', 'sid=7']]);
    expect(other.requests.map(({ headers }) => headers.cookie)).toEqual([undefined]);
  });
});
