/** `docs/reference/lifecycle.md`: the table of transitions, as a table and as a picture. */
import { isFinal, STORED_STATES, type StoredState } from '../../src/core/state.ts';
import { type Target, TRANSITIONS, type Transition } from '../../src/core/transitions.ts';
import { code, page, table } from './markdown.ts';

const ROWS = Object.entries<Transition>(TRANSITIONS);

export function lifecyclePage(): string {
  return page('The life of a job', '`src/core/transitions.ts`', [
    INTRODUCTION,
    picture(),
    '## Commands',
    table(['command', 'from', 'to', 'fenced', 'notes'], ROWS.map(row)),
    FENCES,
    '## States',
    table(['stored', 'shown as', 'final', 'left by'], STORED_STATES.map(stateRow)),
    SHOWN,
  ]);
}

const INTRODUCTION = `A job is stored in one of six states. A command takes it from one to another; what is not in the table below cannot
happen, because every write names the states that it expects and they come from this table. What each command does in each
situation, field by field, is written down in \`src/core/decide.snapshot.txt\`.`;

const FENCES = `A *fenced* command comes from the worker that holds the job. It carries the fence that the worker got with its claim and is refused
once somebody else has claimed the job: a worker that lost its lease cannot finish it.`;

const SHOWN = `The word shown for a waiting job follows from the job and the time: \`retrying\` once an attempt has failed, \`scheduled\`
while \`runAt\` is ahead, else \`queued\`. Time alone turns \`scheduled\` into \`queued\`; nothing is written for it.`;

function row([name, { from, to, isFenced, notes }]: [string, Transition]): string[] {
  return [code(name), from.join(', '), to.join(', '), isFenced ? 'yes' : '', notes];
}

function stateRow(state: StoredState): string[] {
  const leavers = ROWS.filter(
    ([name, transition]) =>
      transition.from.includes(state) && targetsOf(name, transition, state).some((target) => target !== state),
  );
  const shown = state === 'waiting' ? 'scheduled, queued, retrying' : state;
  return [code(state), shown, isFinal(state) ? 'yes' : '', leavers.map(([name]) => code(name)).join(', ')];
}

/** One arrow per pair of states, labelled with every command that goes that way: an arrow per command is a hairball. */
function picture(): string {
  const arrows = new Map<string, string[]>([['[*] --> waiting', ['submit']]]);
  for (const [name, transition] of ROWS) {
    const ways = transition.from.flatMap((source) =>
      targetsOf(name, transition, source).map((target) => ({ source, target })),
    );
    for (const { source, target } of ways) {
      const arrow = `${source} --> ${target === 'gone' ? '[*]' : target}`;
      arrows.set(arrow, [...(arrows.get(arrow) ?? []), name]);
    }
  }
  const lines = [...arrows].map(([arrow, names]) => `  ${arrow}: ${names.join(', ')}`);
  return ['```mermaid', 'stateDiagram-v2', '  direction LR', ...lines, '```'].join('\n');
}

/** What a command may lead to from one state. In all rows but `cancel` any source may lead to any target. */
function targetsOf(name: string, { to }: Transition, source: StoredState): readonly Target[] {
  if (name !== 'cancel') return to;
  return source === 'waiting' ? ['cancelled'] : ['running'];
}
