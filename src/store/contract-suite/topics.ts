/** The topics of the suite, each in a file of its own. */
import { idempotency } from './idempotency.ts';
import { inserting } from './inserting.ts';
import { migration } from './migration.ts';
import type { DefineTopic } from './suite.ts';

export const TOPICS: Readonly<Record<string, DefineTopic>> = {
  migration,
  inserting,
  idempotency,
};
