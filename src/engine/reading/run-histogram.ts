/**
 * How long the newest runs of a type took, as a histogram: buckets that each are a fiftieth wider than the one before, from a millisecond to a year.
 *
 * A run is two counters, whatever the number of runs; a question walks the buckets that are in use. Exact times sorted anew took ten times as long.
 */

/** Enough for the edges of a distribution, and forgotten soon when a type changes its pace. */
const RUNS_KEPT = 200;
const GROWTH = 1.02;
const BUCKETS = 1 + Math.ceil(Math.log(366 * 86_400_000) / Math.log(GROWTH));

export class RunHistogram {
  readonly #counts = new Uint16Array(BUCKETS);
  readonly #newest = new Uint16Array(RUNS_KEPT);
  #sumMs = 0;
  readonly #newestMs = new Float64Array(RUNS_KEPT);
  #runs = 0;
  #added = 0;
  #next = 0;
  /** Of the buckets that were ever in use. */
  #first = BUCKETS - 1;
  #last = 0;

  /** All that were ever added. */
  get added(): number {
    return this.#added;
  }

  get runs(): number {
    return this.#runs;
  }

  /** Of all that are kept: what a queue moves by. 0 without any. */
  get meanMs(): number {
    return this.#runs === 0 ? 0 : this.#sumMs / this.#runs;
  }

  add(ms: number): void {
    const at = this.#next;
    this.#added += 1;
    if (this.#runs === RUNS_KEPT) {
      this.#count(this.#newest[at] as number, -1);
      this.#sumMs -= this.#newestMs[at] as number;
    } else this.#runs += 1;
    const bucket = bucketOf(ms);
    this.#count(bucket, 1);
    this.#first = Math.min(this.#first, bucket);
    this.#last = Math.max(this.#last, bucket);
    this.#sumMs += ms;
    this.#newest[at] = bucket;
    this.#newestMs[at] = ms;
    this.#next = (at + 1) % RUNS_KEPT;
  }

  #count(bucket: number, more: 1 | -1): void {
    this.#counts[bucket] = (this.#counts[bucket] as number) + more;
  }

  /** Before this time at most this share of the runs that took `beyondMs` or longer were over; null where none did. */
  quantileMs(share: number, beyondMs: number): number | null {
    const first = Math.max(this.#first, bucketOf(beyondMs));
    let total = 0;
    for (let bucket = first; bucket <= this.#last; bucket += 1) total += this.#counts[bucket] as number;
    if (total === 0) return null;
    let left = Math.floor(share * total) + 1;
    for (let bucket = first; bucket <= this.#last; bucket += 1) {
      left -= this.#counts[bucket] as number;
      if (left <= 0) return Math.max(beyondMs, GROWTH ** (bucket - 1));
    }
    return null;
  }
}

/** From `GROWTH ** (bucket - 1)` to `GROWTH ** bucket` ms. */
function bucketOf(ms: number): number {
  return ms <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms) / Math.log(GROWTH)));
}
