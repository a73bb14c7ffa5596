/**
 * Reads a config file: `bide.config.ts`, or .mts, .js, .mjs. TypeScript is run by stripping its types, as Node does.
 *
 * Whatever is wrong with the file is one CONFIG_INVALID that names it and says what to do: missing, not parsable, no default export,
 * an error while it runs, an import that is not there, one that never ends.
 */
import { access, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LIMIT_DEFINITIONS } from '../core/limits.ts';
import { inSnapshot, type ModuleSnapshot, openSnapshot } from '../handlers/module-snapshot.ts';
import { resolveOwnPackage } from '../handlers/own-package.ts';
import { CONFIG_FILES } from './config-files.ts';
import { invalidConfig, loadFailure } from './load-failure.ts';
import { type ConfigSource, type ResolvedConfig, type ResolveOptions, resolveConfigs } from './resolve.ts';

export { CONFIG_FILES } from './config-files.ts';

export interface LoadOptions extends ResolveOptions {
  /** The file to read; without one the first of `CONFIG_FILES` that exists in `cwd`, and none is no error. */
  readonly file?: string | undefined;
  readonly cwd?: string;
  /** Combined with the file's config, which wins. */
  readonly others?: readonly ConfigSource[];
  /** Loads the file and what it imports anew, into this snapshot. */
  readonly snapshot?: ModuleSnapshot | undefined;
}

export interface LoadedConfig extends ResolvedConfig {
  /** Absolute path, or null where there was no file. */
  readonly file: string | null;
}

/** CONFIG_INVALID for everything that keeps the config from being used. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { others = [], cwd = process.cwd() } = options;
  const file = options.file === undefined ? await findConfig(cwd, options.snapshot) : resolve(cwd, options.file);
  const sources = file === null ? others : [await readConfig(file, options), ...others];
  return { ...resolveConfigs(sources, options), file };
}

async function findConfig(folder: string, snapshot: ModuleSnapshot | undefined): Promise<string | null> {
  for (const name of CONFIG_FILES) {
    const file = resolve(folder, name);
    if (await exists(file)) return file;
    snapshot?.missing.add(file);
  }
  return null;
}

async function readConfig(file: string, options: LoadOptions): Promise<ConfigSource> {
  if (!(await exists(file))) {
    options.snapshot?.missing.add(file);
    throw invalidConfig(file, `there is no such file; make one (${CONFIG_FILES[0]}), or leave --config out`);
  }
  const { snapshot } = options;
  // A snapshot knows files by where they really are, as Node does.
  const url =
    snapshot === undefined
      ? pathToFileURL(file).href
      : inSnapshot(pathToFileURL(await realpath(file)).href, snapshot.number);
  resolveOwnPackage();
  if (snapshot !== undefined) openSnapshot(snapshot);
  const exported = await withinTime(importModule(file, url), file, options);
  if (!('default' in exported)) {
    throw invalidConfig(file, 'it has no default export; write `export default defineConfig({ types: { … } })`');
  }
  return { config: exported.default, name: file, baseDir: dirname(file), module: moduleRef(url, snapshot) };
}

function moduleRef(url: string, snapshot: ModuleSnapshot | undefined): ConfigSource['module'] {
  return { url, exportName: 'default', ...(snapshot === undefined ? {} : { snapshot }) };
}

async function importModule(file: string, url: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (error) {
    throw loadFailure(error, file);
  }
}

/** A config may await while it loads; one that never comes to an end is told so. The limit of the config itself is not known yet. */
async function withinTime<T>(work: Promise<T>, file: string, { clock }: LoadOptions): Promise<T> {
  const waitMs = LIMIT_DEFINITIONS.configLoadMs.value;
  const late = Promise.withResolvers<never>();
  const reason = `it did not finish loading within ${waitMs} ms: an await at its top never settles`;
  const cancel = clock.after(waitMs, () => late.reject(invalidConfig(file, reason)));
  // An await that nothing will ever settle keeps no process alive: it would end without a word before the time is over.
  const alive = setInterval(() => {}, waitMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    cancel();
    clearInterval(alive);
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
