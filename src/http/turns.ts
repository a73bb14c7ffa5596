/**
 * Who is served next, where more requests are there than one turn of the event loop can take.
 *
 * Node hands out all requests that have arrived before it looks at anything else: 800 of one caller, each a millisecond of work, were 0.8 s for
 * the one request of another. So once a turn has taken `TURN_MS`, callers who were served in it stand in line, and each of the turns that follow
 * takes one request of every caller after another, until it has taken as long. Who comes new to a turn is served at once. Callers are told
 * apart by their credentials as they come, checked or not, and without any by their address.
 *
 * Below that load nobody waits, and a request costs a look at a clock. What counts is the work of this thread: a busy machine takes it away in the
 * middle of a turn, most of all when an answer wakes its reader, and by the clock on the wall every turn was long after a single request. That
 * clock is asked first, since it costs a tenth.
 */
import type { IncomingMessage } from 'node:http';

const TURN_MS = 1;
/** Requests out of lines in one turn, so that what is not served costs no more than a look each. */
const STEPS_MAX = 128;

type Serve = () => void;

export interface Turns {
  /** Calls `serve` now or in a later turn. */
  take(caller: string, serve: Serve): void;
}

export interface TurnClocks {
  /** Ms of a counter that never jumps. */
  steady(): number;
  /** Ms that this thread has worked: never more than have passed. */
  worked(): number;
}

const CLOCKS: TurnClocks = {
  steady: () => performance.now(),
  worked() {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  },
};

export function createTurns(clocks: TurnClocks = CLOCKS): Turns {
  return new TurnTaking(clocks);
}

class TurnTaking implements Turns {
  readonly #clocks: TurnClocks;
  readonly #lines = createLines();
  #startedAt = 0;
  #workedAtStart = 0;
  #isOpen = false;
  /** Calls of `#step` that are to come in this turn. */
  #steps = 0;
  /** Whether somebody in line was served in this turn: one always is. */
  #hasServedLine = false;
  /** Callers served in this turn, some more than once: they are looked at only where it becomes a long one. */
  #early: string[] = [];
  #served: Set<string> | null = null;

  constructor(clocks: TurnClocks) {
    this.#clocks = clocks;
  }

  take(caller: string, serve: Serve): void {
    if (!this.#isOpen) this.#begin(1);
    if (this.#lines.has(caller) || (this.#isLong() && this.#wasServed(caller))) {
      this.#lines.add(caller, serve);
      if (this.#steps < STEPS_MAX) this.#addSteps(1);
      return;
    }
    this.#note(caller);
    serve();
  }

  #begin(steps: number): void {
    this.#startedAt = this.#clocks.steady();
    this.#workedAtStart = this.#clocks.worked();
    this.#isOpen = true;
    this.#hasServedLine = false;
    this.#early = [];
    this.#served = null;
    this.#addSteps(steps);
  }

  /** Node runs them after what has arrived, and what follows from the first promises of one before the next. */
  #addSteps(count: number): void {
    this.#steps += count;
    for (let step = 0; step < count; step += 1) setImmediate(this.#step);
  }

  readonly #step = () => {
    this.#steps -= 1;
    if (this.#lines.count > 0 && !(this.#hasServedLine && this.#isLong())) {
      this.#hasServedLine = true;
      const { caller, serve } = this.#lines.next();
      this.#note(caller);
      serve();
    }
    if (this.#steps > 0) return;
    this.#isOpen = false;
    if (this.#lines.count > 0) this.#begin(Math.min(this.#lines.count, STEPS_MAX));
  };

  #isLong(): boolean {
    const now = this.#clocks.steady();
    if (now - this.#startedAt <= TURN_MS) return false;
    const workedMs = this.#clocks.worked() - this.#workedAtStart;
    // As if it had begun so much later: it is asked again once that much has passed.
    this.#startedAt = now - workedMs;
    return workedMs > TURN_MS;
  }

  #note(caller: string): void {
    if (this.#served !== null) this.#served.add(caller);
    else if (this.#early.at(-1) !== caller) this.#early.push(caller);
  }

  #wasServed(caller: string): boolean {
    this.#served ??= new Set(this.#early);
    return this.#served.has(caller);
  }
}

/** A line of each caller who waits; they come to be served one after another. */
function createLines() {
  const lines = new Map<string, Serve[]>();
  let count = 0;
  return {
    get count() {
      return count;
    },
    has: (caller: string) => count > 0 && lines.has(caller),
    add(caller: string, serve: Serve): void {
      const line = lines.get(caller);
      if (line === undefined) lines.set(caller, [serve]);
      else line.push(serve);
      count += 1;
    },
    /** Takes the first out of the first line, whose caller then stands behind all others. There must be one. */
    next(): { readonly caller: string; readonly serve: Serve } {
      const [caller, line] = lines.entries().next().value as [string, Serve[]];
      const serve = line.shift() as Serve;
      count -= 1;
      if (line.length === 0) lines.delete(caller);
      else if (lines.size > 1) {
        lines.delete(caller);
        lines.set(caller, line);
      }
      return { caller, serve };
    },
  };
}

/** As they come: whether they are good is found out when the request has its turn. */
export function credentialsOf({ headers, socket }: IncomingMessage): string {
  const key = headers.authorization ?? headers['x-api-key'];
  return typeof key === 'string' ? key : (socket.remoteAddress ?? '');
}

/** One for the process, which has one thread to share out. */
export const TURNS: Turns = createTurns();
