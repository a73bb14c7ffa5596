/**
 * Tells other processes to look again, by NOTIFY.
 *
 * NOTIFY takes a lock on the whole database while its transaction commits; inside a writing transaction, that lock is held
 * across the fsync, and all commits of all processes queue for it. So hints go in transactions of their own, which write
 * nothing and wait for no disk. One is under way at a time; what comes meanwhile goes with the next, each job once. So the
 * number of NOTIFYs follows from how fast the server answers, not from how many jobs there are.
 */
import type { Hint } from '../../contract.ts';
import type { Session } from '../connection/session.ts';
import { storedTextArray } from '../wire-text.ts';
import { everythingPayload, payloadsOf } from './hint-payload.ts';

/** Jobs of one notification round; past it "everything" says it in one line, and listeners read what they wait for anyway. */
const IDS_MAX = 2_000;

export interface HintSender {
  send(hints: readonly Hint[]): void;
}

export function hintSenderOf(session: Session, channel: string, sender: string): HintSender {
  let ids = new Set<string>();
  let types = new Set<string>();
  let isEverything = false;
  let isUnderWay = false;

  function collect(hint: Hint): void {
    if (hint.kind === 'work') for (const type of hint.types) types.add(type);
    else if (hint.kind === 'everything' || ids.size + hint.ids.length > IDS_MAX) isEverything = true;
    else for (const id of hint.ids) ids.add(id);
  }

  function take(): readonly string[] {
    const payloads = isEverything
      ? [everythingPayload(sender)]
      : payloadsOf(sender, { ids: [...ids], types: [...types] });
    ids = new Set();
    types = new Set();
    isEverything = false;
    return payloads;
  }

  async function pump(): Promise<void> {
    for (let payloads = take(); payloads.length > 0; payloads = take()) {
      // A hint that could not be sent is a lost hint: whoever waits for it polls.
      await session.run('hint', [channel, storedTextArray(payloads)]).catch(() => {});
    }
    isUnderWay = false;
  }

  return {
    send(hints) {
      for (const hint of hints) collect(hint);
      if (isUnderWay) return;
      isUnderWay = true;
      // After this turn of the event loop: what else happens in it goes along.
      setImmediate(() => void pump());
    },
  };
}
