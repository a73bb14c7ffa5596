/** Groups as people read them. */
import type { FollowUpState, GroupBody } from '../../client/index.ts';
import { printable } from './printable.ts';

/** One line: `0190… running 3 of 7, 1 failed`. */
export function groupLine(group: GroupBody): string {
  const { id, state, outcome, total, counts } = group;
  const done = `${total - counts.unfinished} of ${total}`;
  const bad = (['failed', 'expired', 'cancelled'] as const).flatMap((word) =>
    counts[word] === 0 ? [] : [`${counts[word]} ${word}`],
  );
  return [`${id} ${outcome ?? state} ${done}`, ...bad].join(', ');
}

/** Everything, a line per fact. */
export function groupFacts(group: GroupBody): readonly string[] {
  const facts: readonly (readonly [string, string | null])[] = [
    ['id', group.id],
    ['state', group.outcome === null ? group.state : `${group.state} (${group.outcome})`],
    ['jobs', `${group.total}, ${group.percent} % final`],
    ...Object.entries(group.counts).map(([word, count]) => [word, count === 0 ? null : String(count)] as const),
    ['created', group.createdAt],
    ['closed', group.closedAt],
    ['finished', group.finishedAt],
    ['kept until', group.retainUntil],
    ['then', followUpText(group.then)],
    ['on success', followUpText(group.onSuccess)],
    ['on failure', followUpText(group.onFailure)],
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(11)}${value}`]));
}

function followUpText(followUp: FollowUpState | null): string | null {
  if (followUp === null) return null;
  return followUp.jobId === null ? printable(followUp.type) : `${printable(followUp.type)} (job ${followUp.jobId})`;
}
