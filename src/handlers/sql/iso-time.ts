/** Dates and timestamps of DuckDB as ISO 8601, with what ISO 8601 says of years that do not have four digits. */

/** A value of one of DuckDB's classes: it prints itself, and holds one count of days, seconds, … */
interface TimeValue {
  readonly isFinite: boolean;
  toString(): string;
}

const PRINTED = /^(\d+)(-\d\d-\d\d)( \(BC\))?(?: (.*))?$/;

/**
 * `2001-02-03`, `2001-02-03T04:05:06.789`, with Z for timestamps with time zone. Years before 0 and after 9999 have a sign and six digits
 * (-000043 is 44 BC: there is a year 0), which JavaScript reads too. Infinity is `infinity` or `-infinity`, as DuckDB says it in SQL:
 * DuckDB's client prints it as a date for half of its types.
 */
export function isoTimeOf(value: TimeValue): string {
  if (!value.isFinite) return Object.values(value).some((count) => count > 0) ? 'infinity' : '-infinity';
  const text = value.toString();
  const [, year = '', monthAndDay = '', era, time] = PRINTED.exec(text) ?? [];
  if (year === '') return text;
  const date = `${isoYear(era === undefined ? Number(year) : 1 - Number(year))}${monthAndDay}`;
  return time === undefined ? date : `${date}T${time.replace(/\+00$/, 'Z')}`;
}

function isoYear(year: number): string {
  if (year >= 0 && year <= 9_999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
}
