/** Moments as a field of a form has them, in the zone of this machine, to the minute; and as a program writes them. */

/** @param {string | null} iso */
export function localText(iso) {
  const at = iso === null ? Number.NaN : Date.parse(iso);
  if (Number.isNaN(at)) return '';
  const zoneMs = new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - zoneMs).toISOString().slice(0, 16);
}

/** @param {string} text @returns {string | null} */
export function isoOf(text) {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}
