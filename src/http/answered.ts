/**
 * How many answers each dialect gave, by status, since the start of this process, and when the latest of each was.
 *
 * Node announces every answer by itself, so nothing listens on a request; the dialect stands on the response. Bounded: there are as many
 * dialects as are mounted, and statuses are few.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../engine/clock.ts';

export interface Answered {
  readonly dialect: string;
  readonly status: number;
  readonly count: number;
  readonly lastAt: number;
}

export interface AnswerCounts {
  list(): readonly Answered[];
  /** Stops listening. */
  close(): void;
}

const RESPONSES = 'http.server.response.finish';
const DIALECT = Symbol('bide.dialect');
type Carrier = { [DIALECT]?: string };

/** What another server of the process answered, or what went to no dialect. */
const NONE = 'none';

export function setDialect(response: ServerResponse, name: string): void {
  (response as Carrier)[DIALECT] = name;
}

export function countAnswered(clock: Pick<Clock, 'now'>): AnswerCounts {
  const counts = new Map<string, Answered>();
  const onResponse = (message: unknown) => {
    const { response } = message as { readonly response: ServerResponse & Carrier };
    const { statusCode: status, [DIALECT]: dialect = NONE } = response;
    const key = `${dialect} ${status}`;
    const count = (counts.get(key)?.count ?? 0) + 1;
    counts.set(key, { dialect, status, count, lastAt: clock.now() });
  };
  subscribe(RESPONSES, onResponse);
  return { list: () => [...counts.values()], close: () => unsubscribe(RESPONSES, onResponse) };
}
