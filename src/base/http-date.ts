/** Dates of HTTP (RFC 9110, section 5.6.7): written in one form, read in three. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)';
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';

const IMF_FIXDATE = new RegExp(`^${DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`, 'i');
const RFC_850 = new RegExp(`^${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<shortYear>\\d\\d) ${TIME} GMT$`, 'i');
const ASCTIME = new RegExp(`^${DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`, 'i');

/** ECMAScript's toUTCString is defined to print exactly IMF-fixdate. */
export function formatHttpDate(timeMs: number): string {
  return new Date(timeMs).toUTCString();
}

/** Milliseconds since 1970, or null for what is no date of HTTP: a condition on it must then be ignored. */
export function parseHttpDate(text: string, nowMs: number = Date.now()): number | null {
  const groups = (IMF_FIXDATE.exec(text) ?? RFC_850.exec(text) ?? ASCTIME.exec(text))?.groups;
  if (groups === undefined) return null;
  const { day, month, year, shortYear, hour, minute, second } = groups;
  const fullYear = year === undefined ? expandYear(Number(shortYear), nowMs) : Number(year);
  return Date.UTC(
    fullYear,
    MONTHS.findIndex((name) => name.toLowerCase() === month!.toLowerCase()),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
}

/** A two-digit year that seems to be more than 50 years in the future is of the past (RFC 9110, section 5.6.7). */
function expandYear(shortYear: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + shortYear;
  return year > thisYear + 50 ? year - 100 : year;
}
