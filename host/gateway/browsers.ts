// What real browsers of old can show, and how each makes itself known.
import { type DeviceProfile, HANDHELD, PRESETS } from '../delegation/device.js';

export interface Browser {
  profile: DeviceProfile;
  /** Of its User-Agent; undefined for one that is chosen by name alone. */
  userAgent?: RegExp;
}

const browser = (name: string, userAgent: RegExp, changes: Partial<DeviceProfile>): Browser => ({
  profile: { ...HANDHELD, name, ...changes },
  userAgent,
});

const HTML = ['text/html', 'text/plain'];
const GIF_JPEG = ['image/gif', 'image/jpeg'];
const WITH_PNG = ['image/png', 'image/gif', 'image/jpeg'];
const colour = { colour: true, colourDepth: 16 };
const latin = { charset: 'iso-8859-1', markup: HTML };
const desktop = { screenWidth: 800, screenHeight: 600, colour: true, colourDepth: 24, memory: 4096 };

/** Read from the top: the first whose User-Agent fits. The more telling a name, the earlier it stands. */
export const BROWSERS: readonly Browser[] = [
  browser('blazer', /Blazer/i, {
    ...colour,
    ...latin,
    screenWidth: 320,
    screenHeight: 320,
    pictures: WITH_PNG,
    memory: 256,
  }),
  browser('newton', /Newt'?s|Newton|NetHopper|LunaSuite/i, {
    ...latin,
    screenWidth: 320,
    screenHeight: 480,
    colour: false,
    colourDepth: 4,
    pictures: ['image/gif'],
    memory: 64,
  }),
  browser('pocket-ie', /Windows CE|MSPIE|Pocket Internet Explorer|IEMobile/i, {
    ...colour,
    ...latin,
    screenWidth: 240,
    screenHeight: 320,
    pictures: GIF_JPEG,
    memory: 256,
  }),
  browser('opera-mini', /Opera Mini|Opera Mobi/i, {
    ...colour,
    charset: 'utf-8',
    screenWidth: 240,
    screenHeight: 320,
    styles: true,
    pictures: WITH_PNG,
    memory: 1024,
  }),
  browser('netfront', /NetFront|PlayStation Portable|\(PSP/i, {
    ...colour,
    charset: 'utf-8',
    screenWidth: 480,
    screenHeight: 272,
    pictures: WITH_PNG,
    memory: 1024,
  }),
  browser('e-reader', /Kindle|Kobo|\bNook\b|PocketBook|EBRD\d/i, {
    charset: 'utf-8',
    screenWidth: 600,
    screenHeight: 800,
    colour: false,
    colourDepth: 4,
    styles: true,
    pictures: ['image/png', 'image/jpeg', 'image/gif'],
    memory: 2048,
  }),
  browser('netsurf', /NetSurf/i, { ...desktop, charset: 'utf-8', styles: true, pictures: WITH_PNG }),
  browser('dillo', /Dillo/i, { ...desktop, charset: 'utf-8', styles: true, pictures: WITH_PNG }),
  browser('w3m', /w3m/i, {
    ...desktop,
    charset: 'utf-8',
    pictures: WITH_PNG,
  }),
  browser('lynx', /Lynx/i, { ...desktop, charset: 'utf-8', pictures: [] }),
  browser('links', /\bE?Links\b/i, { ...desktop, charset: 'utf-8', pictures: WITH_PNG }),
  browser('ie6', /MSIE [56]\./i, { ...desktop, charset: 'utf-8', styles: true, pictures: GIF_JPEG }),
  browser('ie3', /MSIE [1-4]\./i, {
    ...desktop,
    ...latin,
    screenWidth: 640,
    screenHeight: 480,
    colourDepth: 8,
    pictures: GIF_JPEG,
    memory: 1024,
  }),
  browser('netscape4', /^Mozilla\/4\.[0-8][^(]*(\[|\((Win|X11|Macintosh|OS\/2))(?!.*(MSIE|compatible))/i, {
    ...desktop,
    ...latin,
    pictures: GIF_JPEG,
    memory: 2048,
  }),
  browser('netscape2', /^Mozilla\/[0-3]\.(?!.*(MSIE|compatible))/i, {
    ...desktop,
    ...latin,
    screenWidth: 640,
    screenHeight: 480,
    colourDepth: 8,
    pictures: GIF_JPEG,
    memory: 1024,
  }),
];

/** Every profile that can be named: the presets of devices, and these browsers. */
export const PROFILES: ReadonlyMap<string, DeviceProfile> = new Map([
  ...PRESETS,
  ...BROWSERS.map(({ profile }) => [profile.name, profile] as const),
]);

const DECKS = /text\/vnd\.wap\.wml/i;
const PAGES = /text\/html|application\/xhtml/i;

/** The profile for a browser by what it says of itself; undefined where that says nothing. */
export function recognise(userAgent: string, accept: string): DeviceProfile | undefined {
  const known = BROWSERS.find((candidate) => candidate.userAgent?.test(userAgent));
  if (known !== undefined) return known.profile;
  if (/text\/x-hdml|UP\.Browser\/[123]\./i.test(`${accept} ${userAgent}`)) return PROFILES.get('hdml');
  if (DECKS.test(accept) && !PAGES.test(accept)) return PROFILES.get('wap');
  if (/DoCoMo|J-PHONE/i.test(userAgent)) return PROFILES.get('chtml');
  return undefined;
}
