/**
 * Who is served next, where more requests are there than one turn of the event loop can take.
 *
 * Node hands out all requests that have arrived before it looks at anything else: 800 of one caller, each a millisecond of work, were 0.8 s for
 * the one request of another. So once a turn has taken `TURN_MS`, callers who were served in it stand in line, and each of the turns that follow
 * serves a few requests of every caller: as many as the turns before show to fit, one where they are large. Callers are told apart by their credentials as they come, checked or not, and without any by their address;
 * below that load nobody waits, and a request costs a look at a clock and at a map.
 */
import type { IncomingMessage } from 'node:http';

const TURN_MS = 2;
/** Of one caller in a turn, when requests are small: one each would cost a busy caller a look for new events per request. */
const EACH_MAX = 32;

type Serve = () => void;

export interface Turns {
  /** Calls `serve` now or in a later turn. */
  take(caller: string, serve: Serve): void;
}

/** @param steady ms of a counter that never jumps */
export function createTurns(steady: () => number = () => performance.now()): Turns {
  const served = new Set<string>();
  /** Lines by caller, the caller whose turn is next first. */
  const lines = new Map<string, Serve[]>();
  let startedAt = 0;
  let isOpen = false;
  /** Requests of each caller in a turn. Told by how long whole turns take, since most of a request comes after its first promise. */
  let each = 1;

  const begin = () => {
    startedAt = steady();
    isOpen = true;
    setImmediate(next);
  };
  const next = () => {
    const tookMs = steady() - startedAt;
    each = tookMs > TURN_MS ? 1 : Math.min(EACH_MAX, each * 2);
    isOpen = false;
    served.clear();
    if (lines.size === 0) return;
    begin();
    for (const [caller, line] of [...lines]) {
      if (served.size > 0 && steady() - startedAt > TURN_MS) return;
      lines.delete(caller);
      const now = line.splice(0, each);
      if (line.length > 0) lines.set(caller, line);
      served.add(caller);
      for (const serve of now) serve();
    }
  };

  return {
    take(caller, serve) {
      if (!isOpen) begin();
      const line = lines.get(caller);
      if (line !== undefined) {
        line.push(serve);
        return;
      }
      if (served.has(caller) && steady() - startedAt > TURN_MS) {
        lines.set(caller, [serve]);
        return;
      }
      served.add(caller);
      serve();
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
