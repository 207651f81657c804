// Many at once: what a bound lets through while nobody has answered yet.
import type { TLSSocket } from 'node:tls';
import { connectVia, dial } from '../host/proxy/bench.js';
import type { Attack } from './attack.js';
import { needsNginx, TOKENS } from './world.js';

const MOST = 5;
const ASKED = 200;

const kinds = { delegable: { 'Deputy-Session': 'request' }, blind: {} };

export const limits: Attack[] = Object.entries(kinds).map(([kind, headers]) => ({
  name: `${ASKED} ${kind} CONNECTs at once, --max-sessions ${MOST}`,
  expected: `${MOST} × 200, ${ASKED - MOST} × 429, and one more when they have gone`,
  unable: needsNginx,
  async run(world) {
    const origin = await world.nginx();
    const proxy = await world.proxy(['--max-sessions', String(MOST), '--log-level', 'warn']);
    const ask = async (conduit: TLSSocket) => {
      const own = { ...headers, 'Proxy-Authorization': `Bearer ${TOKENS.alice}` };
      return (await connectVia(conduit, `127.0.0.1:${origin.port}`, own)).status;
    };
    const conduits = await Promise.all(Array.from({ length: ASKED }, () => dial(proxy, 'http/1.1')));
    const statuses = await Promise.all(conduits.map(ask));
    for (const conduit of conduits) conduit.destroy();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const after = await ask(await dial(proxy, 'http/1.1'));
    const count = (status: number) => statuses.filter((each) => each === status).length;
    return {
      held: count(200) === MOST && count(429) === ASKED - MOST && after === 200,
      outcome: `${count(200)} × 200, ${count(429)} × 429; afterwards ${after}`,
    };
  },
}));
