// UTCTime and GeneralizedTime in the one form that RFC 5280 §4.1.2.5 leaves them: to the second, in Zulu.
import { body, bodyLength, TAG_GENERALIZED_TIME, TAG_UTC_TIME } from "./der";

/** Not a time: no certificate reaches back that far. */
export const BAD_TIME: i64 = i64.MIN_VALUE;

/** Seconds since 1970 of the Time element with this tag, or BAD_TIME. */
export function parseTime(at: usize, tag: i32): i64 {
  let digits = body(at);
  const length = bodyLength(at);
  let year: i32;
  if (tag == TAG_UTC_TIME) {
    if (length != 13) return BAD_TIME;
    year = pair(digits, 99);
    if (year < 0) return BAD_TIME;
    year += year >= 50 ? 1900 : 2000; // RFC 5280 §4.1.2.5.1
  } else if (tag == TAG_GENERALIZED_TIME) {
    if (length != 15) return BAD_TIME;
    const century = pair(digits, 99);
    digits += 2;
    year = pair(digits, 99);
    if (century < 0 || year < 0) return BAD_TIME;
    year += century * 100;
  } else {
    return BAD_TIME;
  }
  const month = pair(digits + 2, 12);
  const day = pair(digits + 4, 31);
  const hour = pair(digits + 6, 23);
  const minute = pair(digits + 8, 59);
  const second = pair(digits + 10, 59);
  if (month < 1 || day < 1 || day > daysInMonth(year, month)) return BAD_TIME;
  if ((hour | minute | second) < 0 || load<u8>(digits, 12) != 0x5a /* Z */) return BAD_TIME;
  return (daysSince1970(year, month, day) as i64) * 86400 + hour * 3600 + minute * 60 + second;
}

/** Two decimal digits as a number up to `limit`, or -1. */
function pair(at: usize, limit: i32): i32 {
  const tens = (load<u8>(at) as u32) - 0x30;
  const ones = (load<u8>(at, 1) as u32) - 0x30;
  if (tens > 9 || ones > 9) return -1;
  const value = (tens * 10 + ones) as i32;
  return value <= limit ? value : -1;
}

function daysInMonth(year: i32, month: i32): i32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** Proleptic Gregorian calendar, years counted from March so that the leap day comes last. */
function daysSince1970(year: i32, month: i32, day: i32): i32 {
  const fromMarch = month > 2 ? month - 3 : month + 9;
  const marchYear = month > 2 ? year : year - 1;
  // Years 0 to 9999 only, shifted so that year 0's January (March year -1) divides without a negative operand.
  const shifted = marchYear + 400;
  const days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + (fromMarch * 153 + 2) / 5 + day - 1;
  return days - 865565;
}
