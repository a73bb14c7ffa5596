/**
 * Reads a config file: `bide.config.ts`, or .mts, .js, .mjs. TypeScript is run by stripping its types, as Node does.
 *
 * Whatever is wrong with the file is one CONFIG_INVALID that names it and says what to do: missing, not parsable, no default export,
 * an error while it runs, an import that is not there, one that never ends.
 */
import { access } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BideError } from '../core/errors.ts';
import { LIMIT_DEFINITIONS } from '../core/limits.ts';
import { type ConfigSource, type ResolvedConfig, type ResolveOptions, resolveConfigs } from './resolve.ts';

export interface LoadOptions extends ResolveOptions {
  /** The file to read; without one the first of `CONFIG_FILES` that exists in `cwd`, and none is no error. */
  readonly file?: string | undefined;
  readonly cwd?: string;
  /** Combined with the file's config, which wins. */
  readonly others?: readonly ConfigSource[];
}

/** Looked for in this order. */
export const CONFIG_FILES = ['bide.config.ts', 'bide.config.mts', 'bide.config.js', 'bide.config.mjs'] as const;

export interface LoadedConfig extends ResolvedConfig {
  /** Absolute path, or null where there was no file. */
  readonly file: string | null;
}

/** CONFIG_INVALID for everything that keeps the config from being used. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { others = [], cwd = process.cwd() } = options;
  const file = options.file === undefined ? await findConfig(cwd) : resolve(cwd, options.file);
  const sources = file === null ? others : [await readConfig(file, options), ...others];
  return { ...resolveConfigs(sources, options), file };
}

async function findConfig(folder: string): Promise<string | null> {
  for (const name of CONFIG_FILES) {
    const file = resolve(folder, name);
    if (await exists(file)) return file;
  }
  return null;
}

async function readConfig(file: string, options: LoadOptions): Promise<ConfigSource> {
  if (!(await exists(file))) {
    throw invalid(file, `there is no such file; make one (${CONFIG_FILES[0]}), or leave --config out`);
  }
  const url = pathToFileURL(file).href;
  const exported = await withinTime(importModule(file, url), file, options);
  if (!('default' in exported)) {
    throw invalid(file, 'it has no default export; write `export default defineConfig({ types: { … } })`');
  }
  return { config: exported.default, name: file, baseDir: dirname(file), module: { url, exportName: 'default' } };
}

async function importModule(file: string, url: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (error) {
    throw invalid(file, reasonOf(error, file), error);
  }
}

/** A config may await while it loads; one that never comes to an end is told so. The limit of the config itself is not known yet. */
async function withinTime<T>(work: Promise<T>, file: string, { clock }: LoadOptions): Promise<T> {
  const waitMs = LIMIT_DEFINITIONS.configLoadMs.value;
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(waitMs, () => late.reject(invalid(file, `it did not finish loading within ${waitMs} ms`)));
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    cancel();
  }
}

function reasonOf(error: unknown, file: string): string {
  const { code = '', message = String(error) } = (error ?? {}) as NodeJS.ErrnoException;
  const [line = ''] = message.split('\n', 1);
  switch (code) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return `it uses TypeScript that cannot be stripped (${lastLine(message)}); enums, namespaces and parameter properties need another form`;
    case 'ERR_INVALID_TYPESCRIPT_SYNTAX':
      return `it has a syntax error: ${lastLine(message)}`;
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return `a config is a .ts, .mts, .js or .mjs file, not ${basename(file)}`;
    case 'ERR_MODULE_NOT_FOUND':
      return `it imports something that is not there: ${line}`;
  }
  if (error instanceof SyntaxError && isOfModules(line)) {
    return `it is taken for CommonJS because of the nearest package.json; name it ${CONFIG_FILES[1]}, or set "type": "module" there`;
  }
  if (error instanceof SyntaxError) return `it has a syntax error: ${line}`;
  return `it threw an error while loading: ${line}`;
}

/** What V8 says of `import` and `export` where a file is no module. */
function isOfModules(line: string): boolean {
  return /^(Cannot use import statement outside a module|Unexpected token 'export')$/.test(line);
}

function lastLine(message: string): string {
  return message.trim().split('\n').at(-1)?.trim() ?? message;
}

function invalid(file: string, reason: string, cause?: unknown): BideError {
  return new BideError('CONFIG_INVALID', `${file}: ${reason}.`, { file }, cause === undefined ? undefined : { cause });
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
