/** Schedules as documents that fall due; and of which ticks there have been jobs: each once, and none left out that was decided on. */
import assert from 'node:assert/strict';
import type { Schedule } from '../../src/core/schedules/schedule.ts';
import type { Document, DocumentWrite } from '../../src/store/contract.ts';

export const SCHEDULE_KIND = 'schedule';

type Ref = Pick<Document, 'tenant' | 'name'>;

export interface ScheduleOracle {
  read(ref: Ref): Document | null;
  /** Null: stale. */
  write(write: DocumentWrite): Document | null;
  remove(ref: Ref): boolean;
  due(now: number, limit: number): readonly Document[];
  nextDue(now: number): number | null;
  /** The ticks that a written step has brought jobs for, and those that it has passed over. */
  decided(ref: Ref, ticks: readonly number[]): void;
  /** Compares with all ticks that there were. */
  end(): void;
}

export function createScheduleOracle(): ScheduleOracle {
  const documents = new Map<string, Document>();
  const ticks = new Map<string, number[]>();
  const nameOf = ({ tenant, name }: Ref) => `${tenant} ${name}`;
  const all = () => [...documents.values()];
  const placeOf = ({ dueAt, tenant, name }: Document) => `${dueAt} ${tenant} ${name}`;

  return {
    read: (ref) => documents.get(nameOf(ref)) ?? null,
    write({ expectRevision, now, dueAt = null, ...write }) {
      const there = documents.get(nameOf(write));
      const revision = there?.revision ?? 0;
      if (expectRevision !== null && expectRevision !== revision) return null;
      const document = { ...write, dueAt, revision: revision + 1, createdAt: there?.createdAt ?? now };
      documents.set(nameOf(write), document);
      if (there === undefined) ticks.set(nameOf(write), []);
      return document;
    },
    remove: (ref) => documents.delete(nameOf(ref)),
    due(now, limit) {
      const due = all().filter(({ dueAt }) => dueAt !== null && dueAt <= now);
      return due.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)).slice(0, limit);
    },
    nextDue(now) {
      const ahead = all().flatMap(({ dueAt }) => (dueAt !== null && dueAt > now ? [dueAt] : []));
      return ahead.length === 0 ? null : Math.min(...ahead);
    },
    decided: (ref, some) => ticks.get(nameOf(ref))?.push(...some),
    end() {
      for (const document of all()) {
        const { anchor, everyMs, state } = document.data as unknown as ModelSchedule;
        const count = Math.floor((state.cursor - anchor) / everyMs);
        const wanted = Array.from({ length: Math.max(0, count) }, (_, at) => anchor + (at + 1) * everyMs);
        assert.deepEqual(ticks.get(nameOf(document)), wanted, `ticks of ${document.name}`);
      }
    },
  };
}

/** What a document of the model has: its ticks are `everyMs` apart, the first of them that long after `anchor`. */
export interface ModelSchedule extends Pick<Schedule, 'state'> {
  readonly anchor: number;
  readonly everyMs: number;
  readonly overlap: Schedule['spec']['overlap'];
}
