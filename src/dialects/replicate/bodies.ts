/** Predictions as texts: made once where nothing of them can change any more, and kept with their snapshots. */
import { workingState } from '../../core/signals.ts';
import type { Snapshot } from '../../engine/api.ts';
import { createSnapshotMemory } from '../snapshot-cache.ts';
import type { Call, Context } from './call.ts';
import { type Payload, predictionText, urlsOf, WORDS } from './mapping.ts';
import { payloadOf } from './payload.ts';
import type { StatusWord, Urls } from './wire.ts';

export interface Bodies {
  /** The prediction, for whoever calls. @param status in place of its own */
  of(call: Call, snapshot: Snapshot, status?: StatusWord): Promise<string>;
  /** For a key that may not read: neither input nor what came of it. */
  bare(call: Call, snapshot: Snapshot): Promise<string>;
  /** What is kept; undefined where it takes a look into the store. */
  atHand(call: Pick<Call, 'principal'>, base: string, snapshot: Snapshot): string | undefined;
}

const NOTHING: Payload = { input: '{}', logs: '', output: 'null' };

export function createBodies({ engine, auth, options }: Context): Bodies {
  const memory = createSnapshotMemory<string, readonly [base: string, keyId: string]>();

  async function urlsFor({ principal }: Pick<Call, 'principal'>, base: string, id: string): Promise<Urls> {
    return { ...urlsOf(base, id), stream: `${base}/v1/streams/${await auth.passFor(principal, id)}` };
  }

  return {
    async of(call, snapshot, status) {
      const base = call.context.publicUrl(call.request);
      const kept = status === undefined ? this.atHand(call, base, snapshot) : undefined;
      if (kept !== undefined) return kept;
      const { job } = snapshot;
      const [payload, urls] = await Promise.all([payloadOf(engine, snapshot), urlsFor(call, base, job.id)]);
      const now = engine.clock.now();
      const shown = workingState(job, now);
      const text = predictionText(job, payload, { status: status ?? WORDS[shown], owner: options.owner, urls });
      // What a running job says and emits changes without a revision.
      if (status === undefined && shown !== 'running') memory.keep(snapshot, text, now, base, call.principal.keyId);
      return text;
    },
    async bare(call, { job }) {
      const urls = await urlsFor(call, call.context.publicUrl(call.request), job.id);
      const status = WORDS[workingState(job, engine.clock.now())];
      return predictionText({ ...job, error: null }, NOTHING, { status, owner: options.owner, urls });
    },
    atHand: ({ principal }, base, snapshot) => memory.kept(snapshot, engine.clock.now(), base, principal.keyId),
  };
}
