/** One job that is waited for: the newest that is known of it, and who waits. Nearly every one has a single waiter, who needs no set. */
import type { Found } from './reader.ts';

export class Watched<Waiter> {
  found: Found | null = null;
  /** Those who have yet to hear of `found`, the first to be told first; null for nobody. */
  untold: Set<Waiter> | null = null;
  #only: Waiter | null = null;
  #many: Set<Waiter> | null = null;

  get size(): number {
    return this.#many?.size ?? Number(this.#only !== null);
  }

  add(waiter: Waiter): void {
    if (this.#many !== null) this.#many.add(waiter);
    else if (this.#only === null || this.#only === waiter) this.#only = waiter;
    else {
      this.#many = new Set([this.#only, waiter]);
      this.#only = null;
    }
  }

  delete(waiter: Waiter): void {
    this.untold?.delete(waiter);
    this.#many?.delete(waiter);
    if (this.#only === waiter) this.#only = null;
  }

  /** As they are now. */
  waiters(): readonly Waiter[] {
    if (this.#many !== null) return [...this.#many];
    return this.#only === null ? [] : [this.#only];
  }
}
