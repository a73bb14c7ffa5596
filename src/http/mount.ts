/**
 * Which dialect answers a request: by host name, by the first segment of the path, else the one at the root.
 *
 * The prefix is taken off before the dialect sees the request, so that a dialect is the same at `/<name>`, on a port of its own, and
 * under a host name. What a standard has below `/.well-known/` is asked for at the root, and leads to the dialect that says so.
 */
import type { IncomingMessage } from 'node:http';
import type { Dialect } from './dialect.ts';
import { hostNameOf } from './public-url.ts';

export type MountPoint =
  | { readonly kind: 'root' }
  /** Begins with a slash, ends without one. */
  | { readonly kind: 'prefix'; readonly prefix: string }
  /** Lower case, without a port. */
  | { readonly kind: 'host'; readonly host: string };

export interface Mount {
  readonly dialect: Dialect;
  /** What the dialect's `parseOptions` made of the config. */
  readonly options: unknown;
  readonly at: MountPoint;
}

/** Where a request goes, and its URL there. */
export interface Route<Target> {
  readonly target: Target;
  readonly url: string;
}

export interface Target {
  readonly at: MountPoint;
  readonly dialect?: Pick<Dialect, 'wellKnown'>;
}

/** Undefined where nothing is mounted for it. */
export type PickTarget<Entry> = (url: string, host: string | undefined) => Route<Entry> | undefined;

export function createPick<Entry extends Target>(entries: readonly Entry[]): PickTarget<Entry> {
  const root = entries.find(({ at }) => at.kind === 'root');
  const hosts = new Map(entries.flatMap((entry) => (entry.at.kind === 'host' ? [[entry.at.host, entry]] : [])));
  const prefixes = entries.flatMap((entry) => (entry.at.kind === 'prefix' ? [{ prefix: entry.at.prefix, entry }] : []));
  const wellKnown = new Map(
    prefixes.flatMap(({ entry }) => (entry.dialect?.wellKnown ?? []).map((path) => [path, entry] as const)),
  );
  return (rawUrl, host) => {
    const url = originForm(rawUrl);
    if (hosts.size > 0) {
      const target = hosts.get(hostNameOf(host) ?? '');
      if (target !== undefined) return { target, url };
    }
    for (const { prefix, entry } of prefixes) {
      if (isBelow(url, prefix)) return { target: entry, url: withoutPrefix(url, prefix) };
    }
    const known = url.startsWith(WELL_KNOWN) ? wellKnown.get(url.split('?', 1)[0] ?? '') : undefined;
    const target = known ?? root;
    return target === undefined ? undefined : { target, url };
  };
}

/** Rewrites the request for its dialect. The URL as it came stays in `originalUrl`, where Fastify looks for it. */
export function redirectTo(request: IncomingMessage & { originalUrl?: string }, url: string): void {
  if (request.url === url) return;
  request.originalUrl = request.url ?? url;
  request.url = url;
}

function isBelow(url: string, prefix: string): boolean {
  if (!url.startsWith(prefix)) return false;
  const next = url.charCodeAt(prefix.length);
  return Number.isNaN(next) || next === SLASH || next === QUESTION;
}

function withoutPrefix(url: string, prefix: string): string {
  const rest = url.slice(prefix.length);
  return rest.charCodeAt(0) === SLASH ? rest : `/${rest}`;
}

/** Proxies send the whole URL as the target, and `OPTIONS *` asks about the server itself. */
function originForm(url: string): string {
  if (url.charCodeAt(0) === SLASH) return url;
  const origin = /^https?:\/\/[^/?#]*/i.exec(url)?.[0];
  const rest = origin === undefined ? '' : url.slice(origin.length);
  return rest.charCodeAt(0) === SLASH ? rest : `/${rest}`;
}

const WELL_KNOWN = '/.well-known/';
const SLASH = 47;
const QUESTION = 63;
