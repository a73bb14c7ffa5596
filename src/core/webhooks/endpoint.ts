/** A webhook endpoint of a tenant: where it is, what it wants to be told of, and how it has been doing. */
import type { Job, Tags } from '../job.ts';
import type { EventWord } from './event-words.ts';

export interface EndpointSecret {
  /** `whsec_…`: see `signature.ts`. */
  readonly secret: string;
  /** Signs until then, null without end. */
  readonly until: number | null;
}

export interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly events: readonly EventWord[];
  /** In whose words it is told; Bide's own where left out. */
  readonly dialect?: string;
  /** Only jobs of these types; empty for all. */
  readonly types: readonly string[];
  /** Only jobs that have each of these; empty for all. */
  readonly tags: Tags;
  /** Newest first; never empty. */
  readonly secrets: readonly EndpointSecret[];
  /** Its own among those of the tenant: so it is slow for nobody but itself. */
  readonly lane: number;
  readonly createdAt: number;
  readonly disabled: { readonly at: number; readonly reason: string } | null;
  /** When the first try failed since the last that succeeded. */
  readonly failingSince: number | null;
}

export function isWanted(endpoint: Endpoint, word: EventWord, job: Pick<Job, 'type' | 'tags'>): boolean {
  if (endpoint.disabled !== null || !endpoint.events.includes(word)) return false;
  if (endpoint.types.length > 0 && !endpoint.types.includes(job.type)) return false;
  for (const [name, value] of Object.entries(endpoint.tags)) if (job.tags[name] !== value) return false;
  return true;
}

/** The secrets that sign at this time, the newest first. */
export function secretsInForce({ secrets }: Pick<Endpoint, 'secrets'>, now: number): readonly string[] {
  return secrets.flatMap(({ secret, until }) => (until === null || until > now ? [secret] : []));
}

/** A new secret at the front; the one before it signs too until `until`, and older ones no more. */
export function rotated(
  secrets: readonly EndpointSecret[],
  secret: string,
  until: number,
): readonly [EndpointSecret, ...EndpointSecret[]] {
  const [newest] = secrets;
  return newest === undefined
    ? [{ secret, until: null }]
    : [
        { secret, until: null },
        { ...newest, until },
      ];
}
