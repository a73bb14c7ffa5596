/** The origins of `server.cors`: exactly what a browser sends, since they are compared as texts. What is nearly one is told how to be one. */
import { type ConfigIssue, listOf, type Rule } from '../handlers/option-rules.ts';

const ORIGINS_MAX = 100;
const ANY = '*';
/** Of apps that show pages of their own, such as capacitor://localhost. */
const OTHER_SCHEME = /^(?!https?:)[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+(?::\d{1,5})?$/;
const FORM = 'must be an origin, which is scheme, host and port as in https://app.example';

export const originsRule: Rule = (value, path) => {
  const issues = listOf(originRule)(value, path);
  if (issues.length > 0) return issues;
  const { length } = value as readonly string[];
  if (length === 0) return [{ path, message: 'must name an origin; leave cors out to let no page in' }];
  if (length > ORIGINS_MAX) return [{ path, message: `must name at most ${ORIGINS_MAX} origins` }];
  const isMixed = length > 1 && (value as readonly string[]).includes(ANY);
  return isMixed ? [{ path, message: "must not name others beside '*', which is all of them" }] : [];
};

function originRule(value: unknown, path: string): readonly ConfigIssue[] {
  const message = faultOf(value);
  return message === null ? [] : [{ path, message }];
}

function faultOf(value: unknown): string | null {
  if (typeof value !== 'string') return FORM;
  if (value === ANY || OTHER_SCHEME.test(value)) return null;
  if (value === 'null')
    return `${FORM}: null is what every sandboxed page and local file says, so it would let them all in`;
  const url = URL.parse(value);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return value.includes('*')
      ? `${FORM}; a star stands for all origins, and alone`
      : `${FORM}, not ${JSON.stringify(value.slice(0, 100))}`;
  }
  if (url.host.includes('*')) return `${FORM}; a star stands for all origins, and alone`;
  return url.origin === value ? null : `${FORM}: write ${url.origin}`;
}
