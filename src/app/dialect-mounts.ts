/**
 * Which dialects are served, where, and with which options.
 *
 * Every vendor dialect is mounted at `/<name>` unless the config switches it off: without options it still reads and waits for jobs,
 * whoever submitted them. One with a port or a host name of its own is served there at the root, since real clients expect it.
 */
import type { DialectSettings } from '../config/define-config.ts';
import { BideError } from '../core/errors.ts';
import type { DialectPlace } from '../dashboard/index.ts';
import { dialects } from '../dialects/index.ts';
import type { Dialect } from '../http/dialect.ts';
import type { Mount } from '../http/server.ts';

export interface MountOptions {
  readonly settings: Readonly<Record<string, DialectSettings>>;
  /** From the command line; wins over the config. */
  readonly ports: Readonly<Record<string, number>>;
  /** Whether dialects without options serve the playground's job types. */
  readonly hasPlayground: boolean;
}

export interface PlannedMounts {
  /** At their prefixes, and under their host names, on the main port. */
  readonly main: readonly Mount[];
  readonly ports: readonly { readonly port: number; readonly mount: Mount }[];
}

/** CONFIG_INVALID for a dialect that there is none of, and for options that it does not take. */
export function planMounts(options: MountOptions): PlannedMounts {
  requireKnown(Object.keys(options.settings), 'dialects');
  requireKnown(Object.keys(options.ports), '--dialect-port');
  const main: Mount[] = [];
  const ports: { readonly port: number; readonly mount: Mount }[] = [];
  for (const dialect of dialects) {
    const settings = options.settings[dialect.name] ?? {};
    if (settings.enabled === false) continue;
    const base = { dialect, options: optionsOf(dialect, settings, options.hasPlayground) };
    main.push({ ...base, at: { kind: 'prefix', prefix: `/${dialect.name}` } });
    if (settings.hostName !== undefined) {
      main.push({ ...base, at: { kind: 'host', host: settings.hostName.toLowerCase() } });
    }
    const port = options.ports[dialect.name] ?? settings.port;
    if (port !== undefined) ports.push({ port, mount: { ...base, at: { kind: 'root' } } });
  }
  return { main, ports };
}

/** Where each is served. @param portUrls of those that have a port of their own */
export function placesOf({ main }: PlannedMounts, portUrls: Readonly<Record<string, string>>): readonly DialectPlace[] {
  return main.flatMap(({ dialect: { name, title, setup, clientPath = '' }, at }) => {
    if (at.kind !== 'prefix') return [];
    const host = main.find((mount) => mount.dialect.name === name && mount.at.kind === 'host')?.at;
    const portUrl = portUrls[name];
    return {
      ...{ name, title, setup, clientPath, prefix: at.prefix },
      hostName: host?.kind === 'host' ? host.host : null,
      port: portUrl === undefined ? null : Number(new URL(portUrl).port),
    };
  });
}

function optionsOf(dialect: Dialect, settings: DialectSettings, hasPlayground: boolean): unknown {
  if (settings.options === undefined && hasPlayground) return dialect.playground;
  const parsed = dialect.parseOptions(settings.options);
  if (parsed.kind === 'options') return parsed.options;
  throw new BideError('CONFIG_INVALID', `dialects.${dialect.name}.options: ${parsed.message}.`);
}

function requireKnown(names: readonly string[], where: string): void {
  const known = dialects.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new BideError('CONFIG_INVALID', `${where} names ${unknown}; there are the dialects ${known.join(', ')}.`);
}
