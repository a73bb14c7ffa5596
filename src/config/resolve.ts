/**
 * Turns checked configs into what the engine and the faces run by.
 *
 * Several configs may be combined (the user's and the playground's): a type, a dialect or a setting of an earlier one wins.
 */
import { BideError } from '../core/errors.ts';
import type { Weights } from '../core/fairness/turns.ts';
import { DEFAULT_LIMITS, type Limits, limitsWith } from '../core/limits.ts';
import type { Handler, JobType } from '../engine/api.ts';
import type { Clock } from '../engine/clock.ts';
import { inlineHandler } from '../handlers/function/inline.ts';
import type { HandlerKind, KindEnvironment } from '../handlers/handler-kind.ts';
import { HANDLER_KINDS, UNNAMED_KIND } from '../handlers/handler-kinds.ts';
import { functionOf } from '../handlers/threads/function-of.ts';
import type { ModuleRef } from '../handlers/threads/messages.ts';
import { type ThreadedHandlers, threadedHandlers } from '../handlers/threads/threaded-handler.ts';
import { configIssues } from './config-issues.ts';
import type {
  CheckedOptions,
  Config,
  DialectSettings,
  ScheduleSettings,
  ServerSettings,
  TypeEntry,
} from './define-config.ts';
import { inputCheckOf } from './input-check.ts';
import { inputSchemaOf } from './input-schema.ts';

/** A config as it was found. */
export interface ConfigSource {
  readonly config: unknown;
  /** For messages: the file, or what it is. */
  readonly name: string;
  /** Relative paths in it start here. */
  readonly baseDir: string;
  /** Where a thread imports it from; null for one that exists in this process only. */
  readonly module: ModuleRef | null;
}

export interface ResolvedConfig {
  readonly jobTypes: readonly JobType[];
  readonly limits: Limits;
  readonly server: ServerSettings;
  readonly dialects: Readonly<Record<string, DialectSettings>>;
  readonly deliveries: { readonly allowPrivateAddresses: boolean };
  /** Undefined where no config speaks of them. */
  readonly schedules: Readonly<Record<string, ScheduleSettings>> | undefined;
  /** Of tenants that do not weigh 1; undefined where all do. */
  readonly tenantWeights: Weights | undefined;
}

export interface ResolveOptions {
  readonly clock: Clock;
  /** `threads` under the server and the worker; `inline` for a library, whose functions live in the caller's program. */
  readonly functions: 'threads' | 'inline';
}

interface CheckedSource extends Omit<ConfigSource, 'config'> {
  readonly config: Config<Record<string, unknown>>;
}

/** Issues told at once: enough for one round of fixing. */
const ISSUES_MAX = 5;

/** CONFIG_INVALID with the name of the source and the path inside it where one of them may not be used. */
export function resolveConfigs(sources: readonly ConfigSource[], options: ResolveOptions): ResolvedConfig {
  const limits = limitsOf(sources);
  const checked = sources.map((source) => check(source, limits));
  const environment = { ...options, limits };
  return {
    jobTypes: jobTypesOf(checked, environment),
    limits,
    server: Object.assign({}, ...checked.map(({ config }) => defined(config.server)).reverse()),
    dialects: Object.assign({}, ...checked.map(({ config }) => config.dialects).reverse()),
    tenantWeights: weightsOf(checked),
    schedules: schedulesOf(checked),
    deliveries: {
      allowPrivateAddresses: checked.some(({ config }) => config.deliveries?.allowPrivateAddresses === true),
    },
  };
}

function schedulesOf(sources: readonly CheckedSource[]): ResolvedConfig['schedules'] {
  const all = sources.flatMap(({ config }) => (config.schedules === undefined ? [] : [config.schedules]));
  return all.length === 0 ? undefined : Object.assign({}, ...all.reverse());
}

function weightsOf(sources: readonly CheckedSource[]): Weights | undefined {
  const tenants = Object.assign({}, ...sources.map(({ config }) => config.tenants).reverse());
  const weights = Object.entries(tenants as NonNullable<Config['tenants']>).map(
    ([name, { weight = 1 }]) => [name, weight] as const,
  );
  const others = weights.filter(([, weight]) => weight !== 1);
  return others.length === 0 ? undefined : Object.fromEntries(others);
}

/** Limits come first, since they bound what the rest may say. A wrong one is told by `check`, with its path. */
function limitsOf(sources: readonly ConfigSource[]): Limits {
  const overrides = sources.map(({ config }) => defined((config as Partial<Config> | null)?.limits)).reverse();
  const outcome = limitsWith(Object.assign({}, ...overrides));
  return outcome.kind === 'limits' ? outcome.limits : DEFAULT_LIMITS;
}

function check(source: ConfigSource, limits: Limits): CheckedSource {
  const issues = configIssues(source.config, limits);
  if (issues.length === 0) return { ...source, config: source.config as CheckedSource['config'] };
  const sentences = issues.slice(0, ISSUES_MAX).map(({ path, message }) => `${path || 'the config'} ${message}`);
  const rest = issues.length > ISSUES_MAX ? `; and ${issues.length - ISSUES_MAX} more` : '';
  throw new BideError('CONFIG_INVALID', `${source.name}: ${sentences.join('; ')}${rest}.`, { issues });
}

interface Environment extends ResolveOptions {
  readonly limits: Limits;
}

function jobTypesOf(sources: readonly CheckedSource[], environment: Environment): readonly JobType[] {
  const modules = sources.flatMap(({ module }) => (module === null ? [] : [module]));
  let threaded: ThreadedHandlers | undefined;
  const functionHandler = (source: CheckedSource, name: string): Handler => {
    const run = functionOf(source.config, name) ?? notAFunction;
    if (environment.functions === 'inline') return inlineHandler(run, environment);
    if (source.module === null)
      throw new BideError('INTERNAL', `${source.name} has no module that threads could import.`);
    threaded ??= threadedHandlers({ ...environment, modules });
    return threaded.handler(modules.indexOf(source.module));
  };
  const jobTypes = new Map<string, JobType>();
  for (const source of sources) {
    for (const [name, entry] of Object.entries(source.config.types)) {
      if (jobTypes.has(name)) continue;
      const where = `${source.name}: types.${name}`;
      const functionOfEntry = () => functionHandler(source, name);
      const known = { ...environment, baseDir: source.baseDir, where, functionHandler: functionOfEntry };
      jobTypes.set(name, jobTypeOf(name, entry, known));
    }
  }
  return [...jobTypes.values()];
}

function jobTypeOf(name: string, entry: TypeEntry<unknown>, environment: KindEnvironment): JobType {
  const kind = kindOf(entry);
  const { slots } = environment.limits;
  const settings: CheckedOptions = typeof entry === 'function' ? {} : entry;
  return {
    name,
    handler: kind.handler(settings, environment),
    description: settings.description ?? null,
    inputSchema: inputSchemaOf(settings.input),
    agingMs: settings.agingMs ?? null,
    expectedMs: settings.expectedMs ?? null,
    ...limitOf(settings),
    slots: settings.slots ?? kind.slotsOf?.(slots) ?? slots,
    defaults: {
      timeoutMs: settings.timeoutMs ?? null,
      retainMs: settings.retainMs ?? null,
      retry: defined(settings.retry),
    },
    checkInput: inputCheckOf({
      type: name,
      schema: settings.input,
      issuesOf: (input) => kind.inputIssues?.(settings, input) ?? [],
    }),
  };
}

/** A limit is of the type as a whole, or of each key. */
function limitOf({ limit }: CheckedOptions): Pick<JobType, 'limit' | 'limitPerKey'> {
  if (limit === undefined) return { limit: null };
  return 'key' in limit && limit.key !== undefined ? { limit: null, limitPerKey: limit } : { limit };
}

/** The check has let nothing pass whose kind there is not. */
function kindOf(entry: TypeEntry<unknown>): HandlerKind {
  if (typeof entry === 'function' || !('kind' in entry)) return UNNAMED_KIND;
  return HANDLER_KINDS.find(({ name }) => name === entry.kind) ?? UNNAMED_KIND;
}

/** Without the options that are there but undefined: they would hide a default when merged. */
function defined<Options extends object>(options: Options | undefined): Partial<Options> {
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<Options>;
}

function notAFunction(): never {
  throw new BideError('INTERNAL', 'A type that was checked to be a function is none.');
}
