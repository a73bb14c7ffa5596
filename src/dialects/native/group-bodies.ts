/** Groups as the native API says them. */
import { type Group, groupPercent, groupState, unfinished } from '../../core/groups/group.ts';
import { isoTime, isoTimeOrNull } from './status.ts';

/** @param base what stands before `/v1` in links */
export function groupBody(base: string, group: Group): string {
  const { id, outcome, total, revision, followUps } = group;
  const self = `${base}/v1/groups/${id}`;
  const asked = (['always', 'onSuccess', 'onFailure'] as const).map((slot) => JSON.stringify(followUps[slot] ?? null));
  const head = {
    id,
    state: groupState(group),
    outcome,
    total,
    counts: { unfinished: unfinished(group), ...group.counts },
  };
  const times = {
    createdAt: isoTime(group.createdAt),
    closedAt: isoTimeOrNull(group.closedAt),
    finishedAt: isoTimeOrNull(group.finishedAt),
    retainUntil: isoTimeOrNull(group.removeAt),
  };
  const links = Object.fromEntries(
    ['jobs', 'events', 'close', 'cancel', 'retry'].map((name) => [name, `${self}/${name}`]),
  );
  const body = JSON.stringify({ ...head, percent: groupPercent(group), revision, ...times });
  return `${body.slice(0, -1)},"then":${asked[0]},"onSuccess":${asked[1]},"onFailure":${asked[2]},"links":${JSON.stringify({ self, ...links })}}`;
}

export function groupEtag({ revision }: Group): string {
  return `"${revision}"`;
}
