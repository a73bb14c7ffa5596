/**
 * Bodies made once per revision of a job and kept with its snapshot.
 *
 * Of each kind only the last one made is kept: a status holds the address under which the caller sees the server, and callers choose that. What is
 * not inline in the snapshot is read from the store each time and never kept.
 */
import { shownState } from '../../core/state.ts';
import type { Engine, Snapshot } from '../../engine/api.ts';
import { askedOf, envelope, failure, failureMessage, jobStatus, pageOf, resultMembers, WORDS } from './mapping.ts';
import type { StatusWord } from './wire.ts';

/** How the members of an answer are wrapped: the merge API has an envelope, the search outside of it has none. */
export type Wrap = (members: Record<string, unknown>) => object;

export interface Bodies {
  status(snapshot: Snapshot, baseUrl: string, wrap: Wrap): string;
  /** Of a final job; undefined when its result must be read first. */
  outcome(snapshot: Snapshot, hasMetadata: boolean, wrap: Wrap): string | undefined;
}

interface Kept {
  status?: { readonly word: StatusWord; readonly baseUrl: string; readonly wrap: Wrap; readonly text: string };
  outcome?: { readonly hasMetadata: boolean; readonly wrap: Wrap; readonly text: string };
}

export function createBodies(engine: Pick<Engine, 'clock'>): Bodies {
  const bodies = new WeakMap<Snapshot, Kept>();

  function keptOf(snapshot: Snapshot): Kept {
    const known = bodies.get(snapshot);
    if (known !== undefined) return known;
    const kept: Kept = {};
    bodies.set(snapshot, kept);
    return kept;
  }

  return {
    status(snapshot, baseUrl, wrap) {
      const kept = keptOf(snapshot);
      const word = WORDS[shownState(snapshot.job, engine.clock.now())];
      const { status } = kept;
      if (status?.word === word && status.baseUrl === baseUrl && status.wrap === wrap) return status.text;
      const text = JSON.stringify(wrap({ job_status: jobStatus(snapshot.job.id, word, baseUrl) }));
      kept.status = { word, baseUrl, wrap, text };
      return text;
    },
    outcome(snapshot, hasMetadata, wrap) {
      const kept = keptOf(snapshot);
      const { outcome } = kept;
      if (outcome?.hasMetadata === hasMetadata && outcome.wrap === wrap) return outcome.text;
      const text = outcomeText(snapshot, hasMetadata, wrap);
      if (text !== undefined) kept.outcome = { hasMetadata, wrap, text };
      return text;
    },
  };
}

function outcomeText({ job, resultText }: Snapshot, hasMetadata: boolean, wrap: Wrap): string | undefined {
  if (job.state !== 'succeeded') return JSON.stringify(failure(failureMessage(job)));
  if (resultText === null) return undefined;
  const page = pageOf(JSON.parse(resultText), askedOf(job));
  return JSON.stringify(wrap(resultMembers(job, page, hasMetadata)));
}

export const inEnvelope: Wrap = envelope;
export const bare: Wrap = (members) => members;
