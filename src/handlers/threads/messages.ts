/**
 * What the main thread and a handler thread say to each other. Messages travel in arrays, at most one array per turn of the event
 * loop and direction.
 *
 * Beside the messages there is a table in shared memory, two numbers per place, because a thread that is deep in a loop reads no
 * messages:
 *
 *   phase   POSTED --(thread: takes it on)--> STARTED
 *           POSTED --(main: takes it back)--> WITHDRAWN     whoever is first wins, so no run is ever begun twice
 *   abort   0, or why the run must end: seen by a loop that looks at `context.signal`
 *
 * and one number for the whole thread: the place of the run that brought it down, where that is known.
 */
import type { LogLevel } from '../../core/log-line.ts';
import type { AbortReason, AttemptOutcome, ParentJob } from '../../engine/api.ts';
import type { CallFacts } from '../function/job-context.ts';
import type { FunctionLimits } from '../function/run-function.ts';
import type { ModuleSnapshot } from '../module-snapshot.ts';

/** A module that has job types, and under which name it exports them. */
export interface ModuleRef {
  /** A file: URL. */
  readonly url: string;
  readonly exportName: string;
  /** What it is loaded from, where that is not the files as they are. */
  readonly snapshot?: ModuleSnapshot;
}

export interface ThreadSetup {
  readonly modules: readonly ModuleRef[];
  readonly limits: FunctionLimits;
  readonly shared: SharedArrayBuffer;
}

export type ToThread =
  | {
      readonly kind: 'run';
      readonly run: number;
      readonly place: number;
      readonly moduleIndex: number;
      readonly facts: CallFacts;
      readonly input: string;
    }
  | { readonly kind: 'abort'; readonly run: number; readonly reason: AbortReason }
  /** What was asked for by `parents`. */
  | { readonly kind: 'parents'; readonly run: number; readonly answer: ParentsAnswer }
  | { readonly kind: 'ping'; readonly ping: number };

export type ParentsAnswer =
  | { readonly kind: 'read'; readonly parents: readonly ParentJob[] }
  | { readonly kind: 'failed'; readonly message: string };

export type FromThread =
  | { readonly kind: 'ready' }
  /** The modules could not be loaded; the thread ends. `code` is the error's own, where it has one. */
  | { readonly kind: 'unusable'; readonly message: string; readonly code: string | null }
  | { readonly kind: 'report'; readonly run: number; readonly percent: number; readonly message?: string | null }
  | {
      readonly kind: 'log';
      readonly run: number;
      readonly line: string;
      readonly level: LogLevel;
      readonly fields: string | null;
    }
  | { readonly kind: 'emit'; readonly run: number; readonly chunk: string }
  /** Asks for the jobs that this one comes after: at most once until they are answered. */
  | { readonly kind: 'parents'; readonly run: number }
  | { readonly kind: 'ended'; readonly run: number; readonly outcome: AttemptOutcome }
  | { readonly kind: 'pong'; readonly ping: number }
  /** An error that no handler's promise carries; the thread ends. */
  | { readonly kind: 'broken'; readonly message: string };

/** Runs that one thread may have at once. */
export const PLACES = 1_024;

export const PHASE = Object.freeze({ free: 0, posted: 1, started: 2, withdrawn: 3 });

const REASONS: readonly AbortReason[] = ['cancel', 'timeout', 'shutdown', 'lost'];

/** The shared table, as both sides see it. */
export interface SharedTable {
  readonly shared: SharedArrayBuffer;
  post(place: number): void;
  /** True for the one side that got the run. */
  start(place: number): boolean;
  withdraw(place: number): boolean;
  abort(place: number, reason: AbortReason): void;
  abortReason(place: number): AbortReason | null;
  /** The first word counts. */
  blame(culprit: number | 'nobody'): void;
  /** The place of the run that brought the thread down, 'nobody' where it was none of those still running, null where unknown. */
  blamed(): number | 'nobody' | null;
}

export function sharedTable(shared = new SharedArrayBuffer(4 * (1 + 2 * PLACES))): SharedTable {
  const cells = new Int32Array(shared);
  const phase = (place: number) => 1 + 2 * place;
  const reason = (place: number) => 2 + 2 * place;
  const move = (place: number, from: number, to: number) =>
    Atomics.compareExchange(cells, phase(place), from, to) === from;
  return {
    shared,
    post(place) {
      Atomics.store(cells, reason(place), 0);
      Atomics.store(cells, phase(place), PHASE.posted);
    },
    start: (place) => move(place, PHASE.posted, PHASE.started),
    withdraw: (place) => move(place, PHASE.posted, PHASE.withdrawn),
    abort: (place, why) => void Atomics.store(cells, reason(place), 1 + REASONS.indexOf(why)),
    abortReason: (place) => REASONS[Atomics.load(cells, reason(place)) - 1] ?? null,
    blame: (culprit) => void Atomics.compareExchange(cells, 0, 0, culprit === 'nobody' ? -1 : culprit + 1),
    blamed() {
      const word = Atomics.load(cells, 0);
      if (word === 0) return null;
      return word < 0 ? 'nobody' : word - 1;
    },
  };
}
