/**
 * Snapshots in memory, bounded by count, by the bytes of all that callers put into them, and by the time since anybody asked.
 *
 * - One object per job and revision: faces remember what they made of one.
 * - Here are jobs that were submitted or asked for; their changes are followed (`follow`).
 * - Revisions only grow: putting an older one answers the newer one that is known.
 * - Where one process owns the store, what is here is certainly current, since every write passes through `put`, `follow` or `drop`.
 *   The one danger is a read that was under way while its job changed and was evicted: it would bring back the past. Reads
 *   therefore announce themselves (`beginReading`), and what changed meanwhile is not remembered from them.
 * - A write whose answer is a failure may have landed all the same. Whoever makes it drops the job, or everything where they
 *   cannot know which jobs (`clear`), so that the next look goes to the store.
 *
 * Eviction is by generations: when the young one is half of the limits, it becomes the old one and the old one is dropped; a
 * hit in the old one moves the entry. That costs nothing per hit, where an LRU list or a re-inserted Map key costs on
 * every status read. `age` makes the young one old whatever its size: called once per `limits.snapshotIdleMs`, it leaves nothing of
 * what nobody asked for during two of them.
 */
import { jobBytes, textBytes } from '../../core/heap-bytes.ts';
import type { Job } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import type { ResultContent, Snapshot } from '../api.ts';
import { inlineText } from './inline-result.ts';

export interface Reading {
  /** Whether this job changed or went since the reading began. */
  isOvertaken(id: string): boolean;
  end(): void;
}

export interface Snapshots {
  get(id: string): Snapshot | undefined;
  getByNumber(number: number): Snapshot | undefined;
  /** The snapshot of this revision, or the newer one that is known. Remembers it. */
  put(job: Job, resultText: string | null): Snapshot;
  /**
   * As `put`, for a change of a job that may be in memory: one that nobody asked for stays out of it, and its result is not even decoded
   * unless a listener looks at it. A worker's thousands of jobs a second would otherwise pass through here for nobody.
   */
  follow(job: Job, result: ResultContent | null): Snapshot;
  /**
   * Jobs that are on their way into the store: from now on their changes are followed as if they were known, for a claim may be
   * told before the submit is. Returns the way to say that they have arrived.
   */
  expect(ids: readonly string[]): () => void;
  /** As `put`, for what a read found: remembered only if nothing changed meanwhile. */
  putRead(job: Job, resultText: string | null, reading: Reading): Snapshot;
  /** As `put`, without remembering: for lists, which would push out what is polled. */
  view(job: Job, resultText: string | null): Snapshot;
  drop(id: string): void;
  clear(): void;
  /** Forgets what nobody asked for since the last call but one. */
  age(): void;
  beginReading(): Reading;
  readonly count: number;
  readonly bytes: number;
}

export function createSnapshots(limits: Limits): Snapshots {
  const shelf = createShelf(limits);
  const readings = createReadings();
  const passed = createPassed();
  const expected = new Set<string>();

  /** @param known what memory has of it: most jobs are new, and are looked for once */
  const remember = (job: Job, resultText: string | null, known: Snapshot | undefined): Snapshot => {
    if (passed.isNewerThan(job)) {
      shelf.delete(job.id);
      return { job, resultText };
    }
    const snapshot: Kept = { job, resultText, bytes: jobBytes(job) + textBytes(resultText) };
    if (known !== undefined) shelf.delete(job.id);
    shelf.add(snapshot);
    return snapshot;
  };

  return {
    get: shelf.get,
    getByNumber: shelf.getByNumber,
    put(job, resultText) {
      readings.overtake(job.id);
      const known = shelf.get(job.id);
      return isNewest(known, job) ? known : remember(job, resultText, known);
    },
    follow(job, result) {
      readings.overtake(job.id);
      const known = shelf.get(job.id);
      if (known === undefined && !expected.has(job.id)) {
        passed.note(job);
        return new PassingSnapshot(job, result, limits);
      }
      return isNewest(known, job) ? known : remember(job, inlineText(result, limits), known);
    },
    expect(ids) {
      for (const id of ids) expected.add(id);
      return () => {
        for (const id of ids) expected.delete(id);
      };
    },
    putRead(job, resultText, reading) {
      const known = shelf.get(job.id);
      if (isNewest(known, job)) return known;
      return reading.isOvertaken(job.id) ? { job, resultText } : remember(job, resultText, known);
    },
    view(job, resultText) {
      const known = shelf.get(job.id);
      return isNewest(known, job) ? known : { job, resultText };
    },
    drop(id) {
      readings.overtake(id);
      shelf.delete(id);
    },
    clear() {
      readings.overtakeAll();
      shelf.clear();
    },
    age: shelf.age,
    beginReading: readings.begin,
    get count() {
      return shelf.count;
    },
    get bytes() {
      return shelf.bytes;
    },
  };
}

/**
 * What passed by in this turn without being remembered. The store's answers of one turn are heard in almost any order: a claim before the release
 * that came before it. Memory must not take the release for the newest, which it would be for good.
 */
function createPassed() {
  const revisions = new Map<string, number>();
  return {
    note({ id, revision }: Job) {
      if (revisions.size === 0) setImmediate(() => revisions.clear());
      if (revision > (revisions.get(id) ?? 0)) revisions.set(id, revision);
    },
    isNewerThan: ({ id, revision }: Job) => revisions.size > 0 && (revisions.get(id) ?? 0) > revision,
  };
}

function isNewest(known: Snapshot | undefined, job: Job): known is Snapshot {
  return known !== undefined && known.job.revision >= job.revision;
}

/** One that is not remembered. */
class PassingSnapshot implements Snapshot {
  readonly job: Job;
  readonly #limits: Limits;
  #result: ResultContent | null;
  #text: string | null = null;

  constructor(job: Job, result: ResultContent | null, limits: Limits) {
    this.job = job;
    this.#result = result;
    this.#limits = limits;
  }

  get resultText(): string | null {
    if (this.#result !== null) this.#text = inlineText(this.#result, this.#limits);
    this.#result = null;
    return this.#text;
  }
}

/** The reads under way, and what has changed under each of them. */
function createReadings() {
  interface Open extends Reading {
    readonly overtaken: Set<string>;
    isVoid: boolean;
  }
  const open = new Set<Open>();
  return {
    begin(): Reading {
      const reading: Open = {
        overtaken: new Set(),
        isVoid: false,
        isOvertaken: (id) => reading.isVoid || reading.overtaken.has(id),
        end: () => open.delete(reading),
      };
      open.add(reading);
      return reading;
    },
    overtake(id: string) {
      for (const reading of open) reading.overtaken.add(id);
    },
    overtakeAll() {
      for (const reading of open) reading.isVoid = true;
    },
  };
}

/** Weighed once: its texts are long, and it is taken out as often as it is put in. */
interface Kept extends Snapshot {
  readonly bytes: number;
}

/** The two generations. */
function createShelf(limits: Limits) {
  let young = new Generation();
  let old = new Generation();

  const age = () => {
    old = young;
    young = new Generation();
  };
  const add = (snapshot: Kept) => {
    if (limits.snapshotsMax === 0) return;
    young.add(snapshot);
    if (young.count * 2 <= limits.snapshotsMax && young.bytes * 2 <= limits.snapshotBytesMax) return;
    age();
  };
  const promoted = (snapshot: Kept | undefined): Snapshot | undefined => {
    if (snapshot === undefined) return undefined;
    old.delete(snapshot.job.id);
    add(snapshot);
    return snapshot;
  };

  return {
    get: (id: string) => young.get(id) ?? promoted(old.get(id)),
    getByNumber: (number: number) => young.getByNumber(number) ?? promoted(old.getByNumber(number)),
    /** There must be none of this job. */
    add,
    delete(id: string) {
      young.delete(id);
      old.delete(id);
    },
    age,
    clear() {
      young = new Generation();
      old = new Generation();
    },
    get count() {
      return young.count + old.count;
    },
    get bytes() {
      return young.bytes + old.bytes;
    },
  };
}

class Generation {
  readonly #byId = new Map<string, Kept>();
  /** Null until somebody asks by number: most faces never do, and each submit would pay for it. */
  #byNumber: Map<number, Kept> | null = null;
  bytes = 0;

  get count(): number {
    return this.#byId.size;
  }

  get(id: string): Kept | undefined {
    return this.#byId.get(id);
  }

  getByNumber(number: number): Kept | undefined {
    this.#byNumber ??= new Map([...this.#byId.values()].map((snapshot) => [snapshot.job.number, snapshot]));
    return this.#byNumber.get(number);
  }

  add(snapshot: Kept): void {
    this.#byId.set(snapshot.job.id, snapshot);
    this.#byNumber?.set(snapshot.job.number, snapshot);
    this.bytes += snapshot.bytes;
  }

  delete(id: string): void {
    const snapshot = this.#byId.get(id);
    if (snapshot === undefined) return;
    this.#byId.delete(id);
    this.#byNumber?.delete(snapshot.job.number);
    this.bytes -= snapshot.bytes;
  }
}
