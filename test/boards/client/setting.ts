// What a describe block on a board starts with: servers, their authority, and the files that the client is told of.
import { afterAll, beforeAll } from 'vitest';
import { World } from '../../host/client/world.js';
import { Papers, through } from './firmware.js';

export class Setting {
  world!: World;
  papers!: Papers;
  /** File of the root that vouches for every server here. */
  roots!: string;

  /** Arguments that admit this proxy. */
  admit(proxy: { port: number }): string[] {
    return through(proxy, this.roots, this.roots);
  }
}

/** The setting of the describe block that calls it; filled before its first test. */
export function setting(): Setting {
  const it = new Setting();
  beforeAll(async () => {
    it.world = await World.create();
    it.papers = new Papers();
    it.roots = it.papers.write('roots.pem', it.world.authority.root.pem);
  });
  afterAll(async () => {
    await it.world.close();
    it.papers.remove();
  });
  return it;
}
