/**
 * Marks as statements find them in their column, without reading JSON. A quote inside of a JSON text has a backslash before it, so that no value
 * of a caller's looks like one of these.
 */
export const IS_AWAITED = '"isAwaited":true';
