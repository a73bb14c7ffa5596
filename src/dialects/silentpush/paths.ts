/**
 * Finding the endpoint of a raw path. Pure.
 *
 * Clients double slashes and add or leave out the last one, so that paths are compared by their segments. Parameters are decoded
 * after the match: an encoded slash in a job id makes a wrong id, never another route.
 */
import { JOB_PATH, ME_PATH, STARTING_ENDPOINTS, type StartingEndpoint } from './wire.ts';

export type Params = Readonly<Record<string, string>>;

export type Target =
  | { readonly kind: 'job'; readonly params: Params }
  | { readonly kind: 'me'; readonly params: Params }
  | { readonly kind: 'start'; readonly endpoint: StartingEndpoint; readonly params: Params };

interface Pattern {
  readonly segments: readonly string[];
  readonly method: 'GET' | 'POST';
  readonly target: { readonly kind: 'job' | 'me' } | { readonly kind: 'start'; readonly endpoint: StartingEndpoint };
}

const PATTERNS: readonly Pattern[] = [
  { segments: segmentsOf(JOB_PATH), method: 'GET', target: { kind: 'job' } },
  { segments: segmentsOf(ME_PATH), method: 'GET', target: { kind: 'me' } },
  ...STARTING_ENDPOINTS.map((endpoint) => ({
    segments: segmentsOf(endpoint.path),
    method: endpoint.method,
    target: { kind: 'start' as const, endpoint },
  })),
];

export type Match =
  | { readonly kind: 'found'; readonly target: Target }
  | { readonly kind: 'wrongMethod'; readonly allow: string }
  | { readonly kind: 'nothing' };

/** @param path as it came over the wire, without mount prefix and query */
export function matchPath(method: string, path: string): Match {
  const segments = segmentsOf(path);
  for (const pattern of PATTERNS) {
    const params = paramsOf(pattern.segments, segments);
    if (params === null) continue;
    if (pattern.method !== method) return { kind: 'wrongMethod', allow: pattern.method };
    return { kind: 'found', target: { ...pattern.target, params } };
  }
  return { kind: 'nothing' };
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function paramsOf(pattern: readonly string[], segments: readonly string[]): Params | null {
  if (pattern.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (!expected.startsWith('{')) {
      if (segment !== expected) return null;
      continue;
    }
    const value = decoded(segment);
    if (value === null || value === '.' || value === '..') return null;
    params[expected.slice(1, -1)] = value;
  }
  return params;
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
