/** Names of time zones: whether one is known, and which were likely meant. */
import { BideError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';

/** The longest name has 30 letters. */
const LENGTH_MAX = 64;

/** Offsets such as +05:30 are no zones: they know nothing of summer. @throws TIME_ZONE_UNKNOWN */
export function refuseZone(timeZone: string): void {
  if (isZone(timeZone)) return;
  const near = nearZones(timeZone.slice(0, LENGTH_MAX));
  const hint = near.length === 0 ? 'Names are like Europe/Berlin, or UTC.' : `Did you mean ${near.join(' or ')}?`;
  const message = `There is no time zone ${JSON.stringify(timeZone.slice(0, LENGTH_MAX))}. ${hint}`;
  throw new BideError('TIME_ZONE_UNKNOWN', message, { errors: [{ path: '/timeZone', message }], near });
}

function isZone(timeZone: string): boolean {
  if (timeZone.length > LENGTH_MAX || !/^[A-Za-z]/.test(timeZone)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}

/** By the city alone, or by a few wrong letters. */
function nearZones(word: string): readonly string[] {
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  const cityOf = (zone: string) => zone.slice(zone.lastIndexOf('/') + 1);
  const city = cityOf(word).replaceAll(' ', '_');
  const bySpelling = nearest(word.replaceAll(' ', '_'), zones);
  const nearCity = nearest(city, zones.map(cityOf));
  const byCity = zones.filter((zone) => cityOf(zone) === nearCity);
  return [...new Set([...(bySpelling === null ? [] : [bySpelling]), ...byCity])].slice(0, 3);
}
