// Real lists, as Debian packages them with uBlock Origin.
const folder = '/usr/share/chromium/extensions/ublock-origin/assets/thirdparties/easylist';

export const LISTS = {
  easylist: `${folder}/easylist.txt`,
  easyprivacy: `${folder}/easyprivacy.txt`,
};
