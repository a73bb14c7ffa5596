/**
 * What a kind of handler is: what a config may say of it, what its jobs need, and how a handler is made. One manifest per folder;
 * `handler-kinds.ts` lists them.
 */
import type { Json } from '../core/job.ts';
import type { Limits } from '../core/limits.ts';
import type { Handler, Issue } from '../engine/api.ts';
import type { Clock } from '../engine/clock.ts';
import type { ConfigIssue, OptionRules } from './option-rules.ts';

export interface HandlerKind<Options = object> {
  /** The `kind` of a config's entry. */
  readonly name: string;
  /** Its own options, beside those that every type has. */
  readonly options: OptionRules;
  /** What is wrong with the options as a whole. */
  issuesOf?(options: Readonly<Record<string, unknown>>, path: string): readonly ConfigIssue[];
  /** What keeps an input from being worked on, whatever the type's schema says. Checked at submit. */
  inputIssues?(options: Options, input: Json): readonly Issue[];
  /** Jobs at once where a type does not say; as many as the limit says when left out. */
  slotsOf?(slots: number): number;
  /** Only for options that have passed the rules. `remote`: left for workers that claim over HTTP. */
  handler(options: Options, environment: KindEnvironment): Handler | 'remote';
}

export interface KindEnvironment {
  readonly limits: Limits;
  readonly clock: Clock;
  /** Folder of the config file. */
  readonly baseDir: string;
  /** Where the entry stands, for messages. */
  readonly where: string;
  /** The function of this entry, run where this process runs functions: in threads, or inline. */
  functionHandler(): Handler;
}
