/** The kind of jobs that are sent to an upstream: its options and their rules. */
import type { HandlerKind } from '../handler-kind.ts';
import {
  type ConfigIssue,
  flag,
  httpUrl,
  listOf,
  must,
  oneOf,
  optional,
  recordOf,
  text,
  whole,
} from '../option-rules.ts';
import { httpHandler } from './http.ts';
import type { HttpOptions } from './options.ts';
import { inputIssues, placeholdersOf } from './target.ts';

/** Made by the HTTP client; another value would contradict the body that is sent. */
const OWN_HEADERS = ['content-length', 'transfer-encoding', 'connection', 'accept-encoding'];
const headerName = must(
  `have the name of a header, none of ${OWN_HEADERS.join(', ')}`,
  (name) => typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !OWN_HEADERS.includes(name.toLowerCase()),
);
const headerValue = must(
  'be a text without line breaks',
  (value) => typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value),
);

export const HTTP: HandlerKind<HttpOptions> = {
  name: 'http',
  options: {
    url: httpUrl,
    method: optional(oneOf(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])),
    headers: optional(recordOf(headerValue, headerName)),
    send: optional(oneOf(['body', 'query', 'nothing'])),
    allowPrivateAddresses: optional(flag),
    redirectsMax: optional(whole(0, 20)),
    answerFields: optional(listOf(text)),
  },
  issuesOf: placeholderIssues,
  inputIssues,
  handler: httpHandler,
};

/** A placeholder is only a segment: in the host or the query the input could lead somewhere else. */
function placeholderIssues({ url: given }: Readonly<Record<string, unknown>>, path: string): readonly ConfigIssue[] {
  const url = typeof given === 'string' ? given : '';
  const inPath = /^https?:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] ?? '';
  const whole = inPath.split('/').filter((segment) => /^\{\w+\}$/.test(segment)).length;
  if (
    !/[{}]/.test(url) ||
    (placeholdersOf(url).length === whole && !/[{}]/.test(url.replace(/\/\{\w+\}(?=[/?#]|$)/g, '')))
  )
    return [];
  return [{ path: `${path}.url`, message: 'may have {name} only as a whole segment of its path' }];
}
