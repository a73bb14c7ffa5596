/** The bodies of the audit. */
import type { Actor, DeedWord } from '../core/deed.ts';
import type { Json } from '../core/job.ts';

/** A deed of an operator. */
export interface DeedBody {
  readonly id: string;
  readonly at: string;
  readonly by: Actor;
  readonly deed: DeedWord;
  /** Id or name of the one thing it was done to. */
  readonly target: string | null;
  /** How many were changed; null where not known yet, or no question. */
  readonly count: number | null;
  readonly request: Json;
}
