// HTTP dates (RFC 9110 §5.6.7), read strictly: what is not one of the three forms is no date.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const LONG_DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const month = `(${MONTHS.join('|')})`;
const time = '(\\d\\d):(\\d\\d):(\\d\\d)';
const IMF = new RegExp(`^(?:${DAYS.join('|')}), (\\d\\d) ${month} (\\d{4}) ${time} GMT$`, 'i');
const RFC850 = new RegExp(`^(?:${LONG_DAYS.join('|')}), (\\d\\d)-${month}-(\\d\\d) ${time} GMT$`, 'i');
const ASCTIME = new RegExp(`^(?:${DAYS.join('|')}) ${month} ([ \\d]\\d) ${time} (\\d{4})$`, 'i');

/** Milliseconds since 1970; undefined for what is no HTTP date. `now` settles the century of a two-digit year. */
export function parseHttpDate(text: string, now = Date.now()): number | undefined {
  const imf = IMF.exec(text);
  if (imf !== null) return utc(imf[3], imf[2], imf[1], imf[4], imf[5], imf[6]);
  const asctime = ASCTIME.exec(text);
  if (asctime !== null) return utc(asctime[6], asctime[1], asctime[2], asctime[3], asctime[4], asctime[5]);
  const old = RFC850.exec(text);
  if (old === null) return undefined;
  // More than 50 years ahead means the past century.
  const current = new Date(now).getUTCFullYear();
  let year = current - (current % 100) + Number(old[3]);
  if (year > current + 50) year -= 100;
  return utc(String(year), old[2], old[1], old[4], old[5], old[6]);
}

function utc(...parts: (string | undefined)[]): number | undefined {
  const [year, name, day, hour, minute, second] = parts as [string, string, string, string, string, string];
  const monthIndex = MONTHS.findIndex((each) => each.toLowerCase() === name.toLowerCase());
  const numbers = [Number(day), Number(hour), Number(minute), Number(second)] as const;
  if (numbers[0] < 1 || numbers[0] > 31 || numbers[1] > 23 || numbers[2] > 59 || numbers[3] > 60) {
    return undefined;
  }
  return Date.UTC(Number(year), monthIndex, ...numbers);
}
