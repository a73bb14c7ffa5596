/** The topics of the suite, each in a file of its own. */
import { amending } from './amending.ts';
import { applying } from './applying.ts';
import { claiming } from './claiming.ts';
import { closing } from './closing.ts';
import { contention } from './contention.ts';
import { deliveries } from './deliveries.ts';
import { deliveryLog } from './delivery-log.ts';
import { documents } from './documents.ts';
import { dueDocuments } from './due-documents.ts';
import { dumping } from './dumping.ts';
import { ended } from './ended.ts';
import { events } from './events.ts';
import { fairness } from './fairness.ts';
import { figures } from './figures.ts';
import { freeings } from './freeing.ts';
import { groups } from './groups.ts';
import { hints } from './hints.ts';
import { idempotency } from './idempotency.ts';
import { inserting } from './inserting.ts';
import { keys } from './keys.ts';
import { leases } from './leases.ts';
import { limits } from './limits.ts';
import { links } from './links.ts';
import { listing } from './listing.ts';
import { logs } from './logs.ts';
import { lookingAnew } from './looking-anew.ts';
import { migration } from './migration.ts';
import { output } from './output.ts';
import { removing } from './removing.ts';
import { restoring } from './restoring.ts';
import { results } from './results.ts';
import { sequences } from './sequences.ts';
import { signalling } from './signalling.ts';
import type { Topic } from './suite.ts';
import { sweeping } from './sweeping.ts';
import { typeLimits } from './type-limits.ts';
import { uniqueness } from './uniqueness.ts';
import { usage } from './usage.ts';
import { values } from './values.ts';
import { workers } from './workers.ts';

export const TOPICS: Readonly<Record<string, Topic>> = {
  migration,
  inserting,
  idempotency,
  uniqueness,
  applying,
  amending,
  claiming,
  fairness,
  typeLimits,
  sequences,
  signalling,
  contention,
  leases,
  sweeping,
  limits,
  listing,
  usage,
  results,
  removing,
  logs,
  output,
  ended,
  groups,
  links,
  freeings,
  lookingAnew,
  events,
  deliveries,
  deliveryLog,
  keys,
  documents,
  dueDocuments,
  figures,
  workers,
  values,
  dumping,
  restoring,
  hints,
  closing,
};
