/**
 * Where one attempt's request goes, made of the configured URL and the input. Pure.
 *
 * The input can fill path segments and the query and can reach neither host, scheme nor other segments: values are percent-encoded,
 * and `.` and `..` are refused, since URL parsing would walk up the path for them even when they are encoded.
 */
import type { Json } from '../../core/job.ts';
import type { Issue } from '../../engine/api.ts';
import type { HttpOptions } from './options.ts';

const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Names of the `{name}` placeholders in a URL. */
export function placeholdersOf(url: string): readonly string[] {
  return [...url.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
}

export function sendOf({ send, method = 'POST' }: HttpOptions): 'body' | 'query' | 'nothing' {
  return send ?? (method === 'POST' || method === 'PUT' || method === 'PATCH' ? 'body' : 'query');
}

/** What keeps this input from being sent, checked when a job is submitted; none for most types. */
export function inputIssues(options: HttpOptions, input: Json): readonly Issue[] {
  const names = placeholdersOf(options.url);
  const isQuery = sendOf(options) === 'query';
  if (names.length === 0 && (!isQuery || input === null)) return [];
  if (!isObject(input)) return [{ path: '', message: 'must be an object: its fields go into the URL' }];
  const missing = names.filter((name) => !isSegment(input[name]));
  const segments = missing.map((name) => ({
    path: `/${name}`,
    message: 'must be a number, a boolean or a text that is not empty, "." or ".."',
  }));
  const rest = Object.entries(input).filter(
    ([name, value]) => isQuery && !names.includes(name) && !isQueryValue(value),
  );
  return [
    ...segments,
    ...rest.map(([name]) => ({
      path: `/${name}`,
      message: 'must be a text, a number, a boolean, null, or a list of these: it goes into the query',
    })),
  ];
}

/** The URL of the request. Only for inputs without issues. */
export function targetOf(options: HttpOptions, input: Json): URL {
  const fields = isObject(input) ? input : {};
  const names = placeholdersOf(options.url);
  const url = new URL(options.url.replace(PLACEHOLDER, (_, name: string) => encodeURIComponent(String(fields[name]))));
  if (sendOf(options) !== 'query') return url;
  for (const [name, value] of Object.entries(fields)) {
    if (names.includes(name)) continue;
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null) url.searchParams.append(name, String(item));
    }
  }
  return url;
}

function isObject(input: Json): input is { readonly [key: string]: Json } {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function isSegment(value: Json | undefined): boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return true;
  return typeof value === 'string' && value !== '' && value !== '.' && value !== '..' && value.isWellFormed();
}

function isQueryValue(value: Json): boolean {
  return Array.isArray(value) ? value.every(isScalar) : isScalar(value);
}

function isScalar(value: Json): boolean {
  return (
    value === null ||
    typeof value === 'boolean' ||
    typeof value === 'number' ||
    (typeof value === 'string' && value.isWellFormed())
  );
}
