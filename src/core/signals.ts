/**
 * Signals: what somebody tells a job from outside, by name, and how a job waits for one without being run.
 *
 * A parked job waits as any other, until the signal comes or its time is over; then it runs again from the start, and what came is there at once.
 * All of it is in the marks of the job, so that a signal and a park go by one revision: whichever is written second sees the first.
 */
import type { Json } from './json.ts';
import { type ShownState, type StoredState, shownState } from './state.ts';

/** What a parked job waits for. */
export interface AwaitedSignal {
  readonly name: string;
  /** When it goes on without. */
  readonly until: number;
}

export interface Signal {
  readonly value: Json;
  readonly at: number;
}

export interface SignalMarks {
  /** It is parked until this signal comes, or its time is over. */
  readonly signal?: AwaitedSignal;
  /** What has come, by name: the latest of each. */
  readonly signals?: Readonly<Record<string, Signal>>;
  /** Signals that it waited for in vain: it is not parked for them again. */
  readonly overdue?: readonly string[];
}

/** What an attempt knows of signals when it begins. */
export interface KnownSignals {
  readonly values: Readonly<Record<string, Json>>;
  readonly overdue: readonly string[];
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

export function isSignalName(name: unknown, lengthMax: number): name is string {
  return typeof name === 'string' && name.length <= lengthMax && NAME.test(name);
}

/** Whether the job has begun and waits for a signal. */
export function isParked(job: { readonly state: StoredState; readonly marks: SignalMarks | null }): boolean {
  return job.state === 'waiting' && job.marks?.signal !== undefined;
}

/** The word for whoever knows no waiting in between: a parked job has begun, and is being worked on. */
export function workingState(
  job: Parameters<typeof shownState>[0] & Parameters<typeof isParked>[0],
  now: number,
): ShownState {
  return isParked(job) ? 'running' : shownState(job, now);
}

export function hasSignal(marks: SignalMarks | null, name: string): boolean {
  return marks?.signals !== undefined && Object.hasOwn(marks.signals, name);
}

/** Null for the many jobs that nobody tells anything. @param at when the attempt began */
export function knownSignals(marks: SignalMarks | null, at: number): KnownSignals | null {
  if (marks === null) return null;
  const { signals = {}, overdue } = wentOn(marks, at);
  if (marks.signal === undefined && marks.signals === undefined && overdue === undefined) return null;
  const values = Object.fromEntries(Object.entries(signals).map(([name, { value }]) => [name, value]));
  return { values, overdue: overdue ?? [] };
}

/** A job that waited for a signal goes on, for whatever reason: what it waited for in vain is remembered. */
export function wentOn<M extends SignalMarks>(marks: M, now: number): Omit<M, 'signal'> {
  const { signal, ...rest } = marks;
  if (signal === undefined || signal.until > now || hasSignal(marks, signal.name)) return rest;
  return { ...rest, overdue: [...new Set([...(marks.overdue ?? []), signal.name])] };
}

/** The marks with what has come; `isAwaited` where the job is parked for just that. */
export function withSignal<M extends SignalMarks>(
  marks: M,
  name: string,
  signal: Signal,
): { readonly marks: M; readonly isAwaited: boolean } {
  const { signal: awaited, ...rest } = marks;
  const isAwaited = awaited?.name === name;
  const kept = awaited === undefined || isAwaited ? rest : marks;
  return { marks: { ...kept, signals: { ...marks.signals, [name]: signal } } as unknown as M, isAwaited };
}
