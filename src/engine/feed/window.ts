/**
 * The newest events in memory, of those tenants whose feed is read in this process: what readers who keep up are answered from.
 *
 * It holds every event of these tenants behind `from`, or behind where the tenant was taken in. When it is full the older half goes: who was not
 * as far reads the store.
 */
import type { FeedEvent } from './feed-request.ts';

const EVENTS_MAX = 5_000;
const BYTES_MAX = 16 * 1_024 * 1_024;
/** A job without its result, and the text that is made of it. */
const EVENT_BYTES = 3_000;

interface Stretch {
  from: number;
  events: FeedEvent[];
  /** False where it was opened after the read under way began: that read is not all for it. */
  isRead: boolean;
}

export class FeedWindow {
  readonly #stretches = new Map<string, Stretch>();
  #from = 0;
  #at = 0;
  #count = 0;
  #bytes = 0;
  #isStale = true;

  /** Up to where events were read. */
  get at(): number {
    return this.#at;
  }

  /** Nobody has read for a while: it is to be restarted at the newest. */
  get isStale(): boolean {
    return this.#isStale;
  }

  get tenants(): readonly string[] {
    return [...this.#stretches.keys()];
  }

  has(tenant: string): boolean {
    return this.#stretches.has(tenant);
  }

  open(tenant: string): void {
    if (this.#stretches.size === 0) this.#isStale = true;
    if (!this.has(tenant)) this.#stretches.set(tenant, { from: this.#at, events: [], isRead: false });
  }

  close(tenant: string): void {
    for (const event of this.#stretches.get(tenant)?.events ?? []) this.#discount(event);
    this.#stretches.delete(tenant);
  }

  /** Begins anew at this position: what was between is not known. */
  restart(at: number): void {
    for (const tenant of this.tenants) {
      this.close(tenant);
      this.#stretches.set(tenant, { from: at, events: [], isRead: true });
    }
    this.#at = at;
    this.#isStale = false;
  }

  /** What is opened from now on is not part of the read that begins. */
  beginRead(): void {
    for (const stretch of this.#stretches.values()) stretch.isRead = true;
  }

  /** All events from `at` up to `to` of the tenants that were open when the read began. */
  add(events: readonly FeedEvent[], to: number): void {
    for (const event of events) {
      const stretch = this.#stretches.get(event.job.tenant);
      if (stretch?.isRead !== true) continue;
      stretch.events.push(event);
      this.#count += 1;
      this.#bytes += bytesOf(event);
    }
    for (const stretch of this.#stretches.values()) if (!stretch.isRead) stretch.from = to;
    this.#at = to;
    if (this.#count > EVENTS_MAX || this.#bytes > BYTES_MAX) this.#halve();
  }

  /** What is behind `after`; null where that is not all here. */
  behind(tenant: string, after: number, limit: number): readonly FeedEvent[] | null {
    const stretch = this.#stretches.get(tenant);
    if (this.#isStale || stretch === undefined || after < Math.max(stretch.from, this.#from)) return null;
    const { events } = stretch;
    // Who keeps up is at the end.
    let start = events.length;
    while (start > 0 && (events[start - 1]?.position ?? 0) > after) start -= 1;
    return events.slice(start, start + limit);
  }

  #halve(): void {
    const positions = [...this.#stretches.values()].flatMap(({ events }) => events.map(({ position }) => position));
    positions.sort((a, b) => a - b);
    this.#from = positions[positions.length >> 1] ?? this.#at;
    for (const stretch of this.#stretches.values()) {
      for (const event of stretch.events) if (event.position <= this.#from) this.#discount(event);
      stretch.events = stretch.events.filter(({ position }) => position > this.#from);
    }
  }

  #discount(event: FeedEvent): void {
    this.#count -= 1;
    this.#bytes -= bytesOf(event);
  }
}

function bytesOf({ resultText }: FeedEvent): number {
  return EVENT_BYTES + 3 * (resultText?.length ?? 0);
}
