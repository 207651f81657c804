// Which attributes of which markup hold addresses (HTML, WML 1.1 §11, HDML 2.0, compact HTML).

/** One address. */
export const ADDRESSES: ReadonlySet<string> = new Set([
  'action',
  'background',
  'cite',
  'classid',
  'codebase',
  'data',
  'dest',
  'formaction',
  'href',
  'icon',
  'longdesc',
  'lowsrc',
  'manifest',
  'onenterbackward',
  'onenterforward',
  'onpick',
  'ontimer',
  'poster',
  'profile',
  'src',
  'usemap',
  'xlink:href',
]);

/** Addresses with a width or density behind each, set off by commas. */
export const ADDRESS_SETS: ReadonlySet<string> = new Set(['imagesrcset', 'srcset']);
