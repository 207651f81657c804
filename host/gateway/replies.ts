// Answers that the gateway makes itself.
import type { DeviceProfile } from '../delegation/device.js';
import type { AddressForm } from './address.js';
import { writeHtml } from './pages/html.js';
import type { OwnPage } from './pages/own_page.js';
import { writeWml } from './pages/wml.js';
import type { Reply } from './reply.js';

/** Sites stay apart in browsers that know how, though all come from one address: no scripts, and no origin of its own. */
export const APART: readonly (readonly [string, string])[] = [
  [
    'Content-Security-Policy',
    "sandbox allow-forms allow-downloads allow-popups allow-top-navigation; script-src 'none'; object-src 'none'",
  ],
  ['X-Content-Type-Options', 'nosniff'],
];

/** A page of the gateway's own, in the markup that the browser reads. */
export function ownReply(status: number, page: OwnPage, profile: DeviceProfile): Reply {
  const isWml = profile.markup[0] === 'text/vnd.wap.wml';
  const text = isWml ? writeWml(page) : writeHtml(page);
  const type = isWml ? 'text/vnd.wap.wml' : 'text/html';
  return {
    status,
    headers: [
      ['Content-Type', type],
      ['Cache-Control', 'no-store'],
      ['Pragma', 'no-cache'],
      // A page that frames this one could have its buttons pressed unseen.
      ['X-Frame-Options', 'DENY'],
      ['Content-Security-Policy', "frame-ancestors 'none'"],
    ],
    body: Buffer.from(text, 'latin1'),
  };
}

/** Asks for a name and a password (RFC 7617). */
export function askWho(form: AddressForm): Reply {
  const header = form === 'proxy' ? 'Proxy-Authenticate' : 'WWW-Authenticate';
  return {
    status: form === 'proxy' ? 407 : 401,
    headers: [
      [header, 'Basic realm="deputy"'],
      ['Content-Type', 'text/plain'],
    ],
    body: Buffer.from('Deputy wants to know who you are.\n'),
  };
}
