/** What the work on batches of files is made with. */
import type { Engine } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import type { Files } from '../files/api-files.ts';
import type { GroupWatch } from '../groups/group-watch.ts';
import type { Submits } from '../submitting/submit.ts';

export interface BatchWorkOptions extends EngineBase {
  readonly files: Files;
  readonly watch: GroupWatch;
  readonly submits: () => Pick<Submits, 'check'>;
  /** Made of these parts. */
  readonly tools: () => Pick<Engine, 'groups' | 'bulk' | 'list'>;
}
