/** The topics of the suite, each in a file of its own. */
import { applying } from './applying.ts';
import { claiming } from './claiming.ts';
import { contention } from './contention.ts';
import { idempotency } from './idempotency.ts';
import { inserting } from './inserting.ts';
import { migration } from './migration.ts';
import { sequences } from './sequences.ts';
import type { DefineTopic } from './suite.ts';

export const TOPICS: Readonly<Record<string, DefineTopic>> = {
  migration,
  inserting,
  idempotency,
  claiming,
  sequences,
  contention,
  applying,
};
