/**
 * Whether a URL that a caller names, or that one of those redirects to, is one of the allowed ones or lies below one.
 *
 * Parsing removes `..` and `%2e%2e`, but not `..%2f`, `..%5c` or `%252e%252e`, which some servers decode and then walk up by. So paths are
 * compared decoded, however often they were encoded, and one that would walk anywhere is refused.
 */

/** Programs on the same machine take whatever port is free, so that one whole host may be named with the port `*`: loopback alone. */
const ANY_PORT = /^(https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])):\*(?=\/|$)/i;

/** A path that was encoded more often than this has no honest reason. */
const DECODINGS_MAX = 5;

export function isAllowedUrl(allowed: readonly string[], url: string): boolean {
  const target = URL.parse(url);
  if (target === null || target.username !== '' || target.password !== '') return false;
  const path = decodedPath(target.pathname);
  if (path === null || walks(path)) return false;
  return allowed.some((each) => {
    const base = URL.parse(withoutAnyPort(each));
    if (base === null || base.protocol !== target.protocol) return false;
    if (ANY_PORT.test(each) ? base.hostname !== target.hostname : base.origin !== target.origin) return false;
    const basePath = decodedPath(base.pathname);
    if (basePath === null) return false;
    if (base.search !== '') return path === basePath && target.search === base.search;
    return path === basePath || path.startsWith(basePath.endsWith('/') ? basePath : `${basePath}/`);
  });
}

/** What a config may name: a URL, or one whose port is any. */
export function withoutAnyPort(allowed: string): string {
  return allowed.replace(ANY_PORT, '$1');
}

/** Byte by byte, as lenient servers do, and only good for comparing; null where it is still encoded after the last round. */
function decodedPath(pathname: string): string | null {
  let path = pathname;
  for (let round = 0; round < DECODINGS_MAX; round += 1) {
    const decoded = path.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
    if (decoded === path) return path;
    path = decoded;
  }
  return null;
}

/** Servers take a backslash for a slash, and some leave out what follows a semicolon. */
function walks(path: string): boolean {
  return path.split(/[/\\]/).some((segment) => /^\.{1,2}(;|$)/.test(segment));
}
