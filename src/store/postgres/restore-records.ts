/**
 * Records of a dump, written as they are: one statement per kind, all of a batch in one transaction.
 *
 * 1. The counter first: a number is out of everybody's reach before a row with it can be there. It only goes up.
 * 2. Then keys, documents, deliveries, events, tombstones and jobs; of each job that this transaction wrote, and of no other, its room and logs.
 *    A job that fits no room (waiting, and held by a worker) is a conflict: nothing could have made it.
 * 3. Jobs of sequences under the locks of their keys, as any change of them: see `sequence-statements.ts`.
 * 4. What was not written is looked at afterwards: it is there already, or something else is in its place.
 *
 * Repeated after a lost answer it finds what the first try wrote. That counts as written then, though it cannot be told
 * from what was there before both.
 */
import { isFinal } from '../../core/state.ts';
import type {
  Document,
  DueGroup,
  GroupMember,
  JobEvent,
  LimitRecord,
  PendingDelivery,
  RestoreOutcome,
  StoredKey,
  StoreRecord,
  Tombstone,
  WholeJob,
} from '../contract.ts';
import { eventText } from '../event-row.ts';
import { GROUP_COLUMNS, groupCells } from '../group-row.ts';
import { ROOM_COLUMNS, roomFor, roomOf } from '../job-rooms.ts';
import { cellOf, FIXED_COLUMNS, type JobColumn, jobCells } from '../job-row.ts';
import { logLevelNumber, streamNumber } from '../log-room.ts';
import { recordWeight } from '../record-batches.ts';
import type { Row } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import { partsOf, type Session, type Step } from './connection/session.ts';
import { CALLBACK_ENDPOINT, newDeliveryValues } from './deliveries.ts';
import { placeArrivals } from './events.ts';
import { refArrays, restoreLimits } from './limits.ts';
import { linkValues } from './links.ts';
import { sequencedOf } from './new-jobs.ts';
import { resultValues } from './result-values.ts';
import { columnArray, jsonText, plainColumn, STORED, textColumn } from './rows.ts';
import { runSequenced } from './sequences.ts';
import { plainArray, storedText, storedTextArray, textArray } from './wire-text.ts';

/** Bytes and characters of jobs that one statement carries. */
const JOB_BYTES_MAX = 32 * 1_024 * 1_024;

/** What is written alike: by which statement, which of its rows was written, and what stands where another was not. */
interface Kind<T> {
  readonly steps: (items: readonly T[]) => readonly Step[];
  /** As the statement returns it for a row that it wrote. */
  readonly keyOf: (item: T) => string;
  /** Place among the items asked for, from 1, and what is there. */
  readonly standing: (items: readonly T[]) => Step;
  readonly isThere: (item: T, standing: Row) => boolean;
}

export async function restoreRecords(
  session: Session,
  batch: readonly StoreRecord[],
): Promise<readonly RestoreOutcome[]> {
  const kinds = [
    writesOf(batch, KEYS, (record) => (record.kind === 'key' ? record.key : null)),
    writesOf(batch, DOCUMENTS, (record) => (record.kind === 'document' ? record.document : null)),
    writesOf(batch, LIMITS, (record) => (record.kind === 'limit' ? record.limit : null)),
    writesOf(batch, DELIVERIES, (record) => (record.kind === 'delivery' ? record.delivery : null)),
    writesOf(batch, EVENTS, (record) => (record.kind === 'event' ? record.event : null)),
    writesOf(batch, GROUPS, (record) => (record.kind === 'group' ? record : null)),
    writesOf(batch, MEMBERS, (record) => (record.kind === 'member' ? record.member : null)),
    writesOf(batch, TOMBSTONES, (record) => (record.kind === 'tombstone' ? record.tombstone : null)),
    writesOf(batch, JOBS, (record) => (record.kind === 'job' && isPossible(record) ? record : null)),
  ].filter((one) => one !== null);
  const highest = Math.max(0, ...batch.map(numberOf));
  const furthest = Math.max(0, ...batch.map((record) => (record.kind === 'counter' ? record.position : 0)));
  const hasEvents = batch.some(({ kind }) => kind === 'delivery' || kind === 'event');
  return repeated(async (isRepeat) => {
    const outcomes = new Array<RestoreOutcome>(batch.length).fill('conflict');
    const [last, newest] = (await session.run('counterRead', []))[0] as [number, number];
    // Those without a position have one then, which a dump of this store may have told.
    if (hasEvents || furthest > newest) await placeArrivals(session);
    const before = [
      ...(highest > last ? raiseSteps(highest) : []),
      ...(hasEvents || furthest > newest ? [EVENT_LOCK] : []),
      ...(furthest > newest ? [{ name: 'eventRaise' as const, values: [furthest] }] : []),
    ];
    const jobs = batch.flatMap((record) => (record.kind === 'job' ? [record.job] : []));
    const sequenced = sequencedOf(jobs);
    const limited = jobs.filter(({ state, terms }) => !isFinal(state) && terms?.limit !== undefined);
    const back: readonly Step[] =
      limited.length === 0
        ? []
        : [{ name: 'limitComeBack', values: [plainArray(limited.map(({ id }) => id)), Date.now()] }];
    const steps = [...before, ...kinds.flatMap((kind) => kind.steps), ...back];
    const results =
      steps.length === 0 ? [] : await runSequenced(session, steps, sequenced && { ...sequenced, isAhead: true });
    let at = before.length;
    for (const kind of kinds) {
      await kind.judge(session, results.slice(at, at + kind.steps.length).flat(), { outcomes, isRepeat });
      at += kind.steps.length;
    }
    for (const [index, record] of batch.entries()) {
      if (record.kind !== 'counter') continue;
      outcomes[index] = record.number > last || record.position > newest ? 'written' : 'present';
    }
    return outcomes;
  });
}

const EVENT_LOCK: Step = { name: 'eventLock', values: [] };

function numberOf(record: StoreRecord): number {
  if (record.kind === 'counter') return record.number;
  if (record.kind === 'tombstone') return record.tombstone.number;
  return record.kind === 'job' ? record.job.number : 0;
}

function raiseSteps(number: number): readonly Step[] {
  return [
    { name: 'jobNumberLock', values: [] },
    { name: 'jobNumberRaise', values: [number] },
  ];
}

interface Judging {
  readonly outcomes: RestoreOutcome[];
  readonly isRepeat: boolean;
}

interface KindWrites {
  readonly steps: readonly Step[];
  judge(session: Session, written: readonly Row[], judging: Judging): Promise<void>;
}

/** The records of one kind; null where the batch has none. */
function writesOf<T>(
  batch: readonly StoreRecord[],
  kind: Kind<T>,
  pick: (record: StoreRecord) => T | null,
): KindWrites | null {
  const placed = batch.flatMap((record, index) => {
    const item = pick(record);
    return item === null ? [] : [{ index, item }];
  });
  if (placed.length === 0) return null;
  return {
    steps: kind.steps(placed.map(({ item }) => item)),
    async judge(session, written, { outcomes, isRepeat }) {
      const keys = new Set(written.map((row) => row.join('\n')));
      // A key that is there twice was written once: deleting it leaves the second one to be judged.
      const others = placed.filter(({ index, item }) => {
        const isWritten = keys.delete(kind.keyOf(item));
        if (isWritten) outcomes[index] = 'written';
        return !isWritten;
      });
      if (others.length === 0) return;
      const { name, values } = kind.standing(others.map(({ item }) => item));
      for (const [ord, ...standing] of await session.run(name, values)) {
        const { index, item } = others[(ord as number) - 1] as (typeof others)[number];
        if (kind.isThere(item, standing)) outcomes[index] = isRepeat ? 'written' : 'present';
      }
    },
  };
}

const KEYS: Kind<StoredKey> = {
  steps: (keys) => [
    {
      name: 'keyRestore',
      values: [
        textArray(keys.map(({ id }) => id)),
        textArray(keys.map(({ tenant }) => tenant)),
        textArray(keys.map(({ name }) => name)),
        textArray(keys.map(({ scopes }) => JSON.stringify(scopes))),
        textArray(keys.map(({ hash }) => hash)),
        plainArray(keys.map(({ createdAt }) => createdAt)),
        plainArray(keys.map(({ revokedAt }) => revokedAt)),
        plainArray(keys.map(({ expiresAt }) => expiresAt)),
      ],
    },
  ],
  keyOf: ({ id }) => storedText(id),
  standing: (keys) => ({ name: 'keyStanding', values: [textArray(keys.map(({ id }) => id))] }),
  // A key that was revoked must not stay in force because an older dump of it is there.
  isThere: (key, [hash, revokedAt]) => storedText(key.hash) === hash && (key.revokedAt === null || revokedAt !== null),
};

const documentRefs = (documents: readonly Document[]) => [
  textArray(documents.map(({ tenant }) => tenant)),
  textArray(documents.map(({ kind }) => kind)),
  textArray(documents.map(({ name }) => name)),
];

const DOCUMENTS: Kind<Document> = {
  steps: (documents) => [
    {
      name: 'documentRestore',
      values: [
        ...documentRefs(documents),
        textArray(documents.map(({ data }) => JSON.stringify(data))),
        plainArray(documents.map(({ revision }) => revision)),
        plainArray(documents.map(({ createdAt }) => createdAt)),
        plainArray(documents.map(({ dueAt }) => dueAt)),
      ],
    },
  ],
  keyOf: ({ tenant, kind, name }) => [tenant, kind, name].map(storedText).join('\n'),
  standing: (documents) => ({ name: 'documentStanding', values: documentRefs(documents) }),
  isThere: (document, [revision, createdAt]) =>
    document.createdAt === createdAt && (revision as number) >= document.revision,
};

const GROUPS: Kind<DueGroup> = {
  steps: (groups) => {
    const cells = groups.map(({ group }) => groupCells(group, STORED));
    const columns = GROUP_COLUMNS.map(([name, type], at) => {
      const column = cells.map((row) => row[at] ?? null);
      if (name === 'id') return plainArray(column);
      return type === 'text' ? textColumn(column as readonly (string | null)[]) : plainColumn(column);
    });
    const followUps = textArray(groups.map((group) => JSON.stringify(group.followUps)));
    return [{ name: 'groupRestore', values: [...columns, followUps] }];
  },
  keyOf: ({ group }) => group.id,
  standing: (groups) => ({ name: 'groupsStanding', values: [plainArray(groups.map(({ group }) => group.id))] }),
  isThere: ({ group }, [revision]) => (revision as number) >= group.revision,
};

const MEMBERS: Kind<GroupMember> = {
  steps: (members) => [
    {
      name: 'memberRestore',
      values: [
        plainArray(members.map(({ number }) => number)),
        plainArray(members.map(({ group }) => group)),
        textArray(members.map(({ state }) => state)),
      ],
    },
  ],
  keyOf: ({ number }) => String(number),
  standing: (members) => ({ name: 'membersStanding', values: [plainArray(members.map(({ number }) => number))] }),
  isThere: ({ group }, [there]) => there === group,
};

const LIMITS: Kind<LimitRecord> = {
  steps: (limits) => [restoreLimits(limits)],
  keyOf: ({ tenant, key }) => [tenant, key].map(storedText).join('\n'),
  standing: (limits) => ({ name: 'limitStanding', values: refArrays(limits) }),
  isThere: () => true,
};

const TOMBSTONES: Kind<Tombstone> = {
  steps: (tombstones) => [
    {
      name: 'tombstoneRestore',
      values: [
        plainArray(tombstones.map(({ id }) => id)),
        plainArray(tombstones.map(({ number }) => number)),
        textArray(tombstones.map(({ tenant }) => tenant)),
        plainArray(tombstones.map(({ goneAt }) => goneAt)),
        plainArray(tombstones.map(({ goneUntil }) => goneUntil)),
      ],
    },
  ],
  keyOf: ({ id }) => id,
  standing: (tombstones) => ({ name: 'jobStanding', values: [plainArray(tombstones.map(({ id }) => id))] }),
  isThere: ({ number }, [jobNumber, , graveNumber]) => jobNumber === null && graveNumber === number,
};

const DELIVERIES: Kind<PendingDelivery> = {
  steps: (deliveries) => {
    const once = [...new Map(deliveries.map((delivery) => [deliveryKey(delivery), delivery])).values()];
    return [
      {
        name: 'deliveryRestore',
        values: [
          ...newDeliveryValues(once),
          plainColumn(once.map(({ attempt }) => attempt)),
          plainColumn(once.map(({ fence }) => fence)),
          plainColumn(once.map(({ firstTriedAt }) => firstTriedAt)),
          textColumn(once.map(({ tries }) => JSON.stringify(tries.map(jsonText)))),
        ],
      },
    ];
  },
  keyOf: deliveryKey,
  standing: (deliveries) => ({
    name: 'deliveryStanding',
    values: [
      plainArray(deliveries.map(({ jobId }) => jobId)),
      plainArray(deliveries.map(({ revision }) => revision)),
      textArray(deliveries.map(({ endpointId }) => endpointId ?? CALLBACK_ENDPOINT)),
      textArray(deliveries.map(({ event }) => event)),
    ],
  }),
  isThere: () => true,
};

function deliveryKey({ jobId, revision, endpointId, event }: PendingDelivery): string {
  return [jobId, revision, storedText(endpointId ?? CALLBACK_ENDPOINT), storedText(event)].join('\n');
}

const EVENTS: Kind<JobEvent> = {
  steps: (events) => [
    {
      name: 'eventRestore',
      values: [
        plainArray(events.map(({ position }) => position)),
        plainArray(events.map(({ at }) => at)),
        textArray(events.map(({ job }) => job.tenant)),
        textArray(events.map(({ kind }) => kind)),
        storedTextArray(events.map(({ job }) => eventText(jobCells(job, STORED)))),
      ],
    },
  ],
  keyOf: ({ position }) => String(position),
  standing: (events) => ({ name: 'eventStanding', values: [plainArray(events.map(({ position }) => position))] }),
  isThere: () => true,
};

const JOBS: Kind<WholeJob> = {
  steps: (wholes) => partsOf(onceEach(wholes), recordWeight, JOB_BYTES_MAX).flatMap(jobSteps),
  keyOf: ({ job }) => job.id,
  standing: (wholes) => ({ name: 'jobStanding', values: [plainArray(wholes.map(({ job }) => job.id))] }),
  // One that was removed since has had its time: it is not brought back.
  isThere: ({ job }, [number, revision, graveNumber]) =>
    number === null ? graveNumber === job.number : number === job.number && (revision as number) >= job.revision,
};

/** Not one that waits and has a worker, or a result without being told what it is. */
function isPossible({ job, result }: WholeJob): boolean {
  return roomFor(jobCells(job, STORED)) !== null && (result === null || job.result !== null);
}

/** The first of each id: a second one would come into a room beside it. */
function onceEach(wholes: readonly WholeJob[]): readonly WholeJob[] {
  return [...new Map(wholes.toReversed().map((whole) => [whole.job.id, whole])).values()].reverse();
}

/** Only `jobRestore` returns rows. */
function jobSteps(wholes: readonly WholeJob[]): readonly Step[] {
  const steps: Step[] = [
    { name: 'jobRestore', values: [...arraysOf(FIXED_COLUMNS, wholes), textArray(wholes.map(({ input }) => input))] },
  ];
  for (const [room, name] of ROOM_STEPS) {
    const inRoom = wholes.filter(({ job }) => roomOf(job.state) === room);
    if (inRoom.length === 0) continue;
    const values = [plainArray(inRoom.map(({ job }) => job.id)), ...arraysOf(ROOM_COLUMNS[room], inRoom)];
    if (room === 'finished') values.push(...resultValues(inRoom.map(({ result }) => result)));
    steps.push({ name, values });
  }
  const links = linkValues(wholes.map(({ job }) => job));
  if (links !== null) steps.push({ name: 'linkRestore', values: links });
  const logs = logValues(wholes);
  if (logs !== null) steps.push({ name: 'logRestore', values: logs });
  return steps;
}

const ROOM_STEPS = [
  ['waiting', 'jobRestoreWaiting'],
  ['running', 'jobRestoreRunning'],
  ['finished', 'jobRestoreFinished'],
] as const;

function arraysOf(columns: readonly JobColumn[], wholes: readonly WholeJob[]): unknown[] {
  return columns.map((column) =>
    columnArray(
      column,
      wholes.map(({ job }) => cellOf(column, job, STORED)),
    ),
  );
}

/** Null where no job has said anything. */
function logValues(wholes: readonly WholeJob[]): readonly unknown[] | null {
  const said = wholes.flatMap(({ job, logs }) => logs.map((line) => ({ job, line })));
  if (said.length === 0) return null;
  return [
    plainArray(said.map(({ job }) => job.number)),
    plainArray(said.map(({ line }) => streamNumber(line.stream))),
    plainArray(said.map(({ line }) => line.offset)),
    plainArray(said.map(({ line }) => line.fence)),
    plainArray(said.map(({ line }) => line.attempt)),
    plainArray(said.map(({ line }) => line.at)),
    plainArray(said.map(({ line }) => logLevelNumber(line.level))),
    textArray(said.map(({ line }) => line.line)),
    textArray(said.map(({ line }) => line.fields)),
  ];
}
