/** What is known of the jobs of one wait: which are enough, which are waited for still, and which never will be. Nearly all wait for one. */

/** `never`: it does not exist, or not for this caller. */
export type Verdict = 'pending' | 'enough' | 'never';

export class Tally {
  /** Each id once. */
  readonly ids: readonly string[];
  #pending: number;
  #enough = 0;
  #only: Verdict = 'pending';
  /** Those that are not pending, where there are several ids. */
  readonly #settled: Map<string, Verdict> | null;

  constructor(ids: readonly string[]) {
    this.ids = ids.length === 1 ? ids : [...new Set(ids)];
    this.#pending = this.ids.length;
    this.#settled = this.ids.length === 1 ? null : new Map();
  }

  get pending(): number {
    return this.#pending;
  }

  get enough(): number {
    return this.#enough;
  }

  note(id: string, verdict: Verdict): void {
    const before = this.#settled === null ? this.#only : (this.#settled.get(id) ?? 'pending');
    if (before === verdict) return;
    this.#pending += Number(verdict === 'pending') - Number(before === 'pending');
    this.#enough += Number(verdict === 'enough') - Number(before === 'enough');
    if (this.#settled === null) this.#only = verdict;
    else this.#settled.set(id, verdict);
  }
}
