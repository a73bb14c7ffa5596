/**
 * Counts what this process does to jobs, by tenant and type, until the minute is over: an addition or two per change, and no look at the clock.
 *
 * Whoever ends the minute says when. So a change just past the full minute may count for the one before: what matters is that each counts once.
 */
import { type CountedFigures, countRun, noFigures } from '../../core/stat-figures.ts';
import { isFinal } from '../../core/state.ts';
import type { StatRow } from '../../store/contract.ts';
import type { Change, Changes } from '../changes.ts';

export interface Counted {
  readonly tenant: string;
  readonly type: string;
  readonly figures: CountedFigures;
  readonly errors: Record<string, number>;
}

export interface MinuteCounter {
  /** Counted since the last `take`. */
  readonly groups: Iterable<Counted>;
  /** What was counted, and begins anew. */
  take(): readonly Counted[];
}

/** Tenants times types that were busy within one minute; of more the rest goes uncounted. */
const GROUPS_MAX = 10_000;
/** Codes are made up by handlers; past this many of one type and minute they count as OTHER. */
const CODES_MAX = 20;
const CODE_LENGTH_MAX = 100;

export function createMinuteCounter(changes: Changes): MinuteCounter {
  let types = new Map<string, Map<string, Counted>>();
  let count = 0;

  changes.listen((change) => {
    if (change.kind === 'changed' && change.cause !== 'learnt') note(change);
  });

  function note({ job, before, cause }: Change): void {
    const isEnd = isFinal(job.state) && (before === null || !isFinal(before));
    if (cause !== 'submitted' && cause !== 'retryScheduled' && !isEnd) return;
    const group = groupOf(job.tenant, job.type);
    if (group === null) return;
    if (cause === 'submitted') group.figures.submitted += 1;
    else if (cause === 'retryScheduled') group.figures.retried += 1;
    if (isEnd) countEnd(group, job);
  }

  function groupOf(tenant: string, type: string): Counted | null {
    const tenants = types.get(type) ?? new Map<string, Counted>();
    const known = tenants.get(tenant);
    if (known !== undefined) return known;
    if (count >= GROUPS_MAX) return null;
    count += 1;
    const made = { tenant, type, figures: noFigures(), errors: Object.create(null) as Record<string, number> };
    tenants.set(tenant, made);
    types.set(type, tenants);
    return made;
  }

  function* all(): Generator<Counted> {
    for (const tenants of types.values()) yield* tenants.values();
  }

  return {
    get groups() {
      return all();
    },
    take() {
      const taken = [...all()];
      types = new Map();
      count = 0;
      return taken;
    },
  };
}

function countEnd({ figures, errors }: Counted, { state, startedAt, finishedAt, error }: Change['job']): void {
  if (!isFinal(state)) return;
  figures[state] += 1;
  if ((state === 'succeeded' || state === 'failed') && startedAt !== null && finishedAt !== null)
    countRun(figures, finishedAt - startedAt);
  if (state !== 'failed') return;
  const code = error?.code ?? 'UNKNOWN';
  const isNew = errors[code] === undefined;
  const isTooMuch = code.length > CODE_LENGTH_MAX || (isNew && Object.keys(errors).length >= CODES_MAX);
  const named = isTooMuch ? 'OTHER' : code;
  errors[named] = (errors[named] ?? 0) + 1;
}

export function statRowOf({ tenant, type, figures, errors }: Counted, minute: number, node: string): StatRow {
  return { tenant, type, minute, node, figures, errors: { ...errors } };
}
