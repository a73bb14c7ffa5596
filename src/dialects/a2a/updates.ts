/**
 * What a stream tells of a task: first the task, then each change of its status and each part of its output, then how it ended.
 *
 * It ends with the task, or where the task comes to wait for input that its client has to bring; before that when its time is over
 * (`eventsMsMax`) or the server shuts down. Whoever subscribes again begins with the task as it is then, its output so far included: nothing
 * is missed between two streams.
 */
import { isFinal } from '../../core/state.ts';
import type { Engine, LogLine, LogsOutcome, Snapshot } from '../../engine/api.ts';
import { KEEP_ALIVE, TO_BE_RESUMED } from '../event-fields.ts';
import { beatsUntil } from '../event-waits.ts';
import { resultOf } from '../result-of.ts';
import { emittedUntil } from './emitted.ts';
import { createFollow, type Follow } from './follow.ts';
import { PARKED_WORD } from './mapping.ts';
import { type Artifact, type Content, chunkContent, contentOf, OUTPUT, RESULT } from './parts.ts';
import { type Spelling, type TaskView, viewOf } from './spelling.ts';
import { taskOf } from './tasks.ts';

export interface UpdateSource {
  readonly engine: Engine;
  /** Where it begins. */
  readonly snapshot: Snapshot;
  readonly spelling: Spelling;
  /** Around each update, as the binding has it. */
  readonly wrap: (update: object) => object;
}

/** A comment of the stream, or what is told. */
type Update = string | ((spelling: Spelling) => object);
type Updates = AsyncGenerator<Update, void, undefined>;

/** Events as text. */
export async function* updateTexts(
  { engine, snapshot, spelling, wrap }: UpdateSource,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  for await (const update of updates(engine, snapshot, signal)) {
    yield typeof update === 'string' ? update : `data: ${JSON.stringify(wrap(update(spelling)))}\n\n`;
  }
}

async function* updates(engine: Engine, snapshot: Snapshot, signal: AbortSignal): Updates {
  const { job } = snapshot;
  if (isFinal(job.state)) {
    const ended = await taskOf(engine, snapshot);
    return yield (spelling) => spelling.begun(ended);
  }
  const follow = createFollow(engine, signal);
  const { lines, next } = job.fence > 0 ? await emittedUntil(engine, job) : { lines: [], next: 0 };
  const run = lines.filter(({ fence }) => fence === job.fence);
  const begun = viewOf(job, engine.clock.now(), outputOf(run));
  yield (spelling) => spelling.begun(begun);
  yield* changes({ engine, follow, told: begun, fence: run.length === 0 ? null : job.fence, next });
}

interface Place {
  readonly engine: Engine;
  readonly follow: Follow;
  /** What was told last. */
  readonly told: TaskView;
  /** The run whose output was told. */
  readonly fence: number | null;
  readonly next: number;
}

async function* changes({ engine, follow, told: begun, fence: first, next }: Place): Updates {
  const { clock, limits } = engine;
  let told = begun;
  let fence = first;
  follow.changeOf(told.job);
  follow.linesOf(told.job, next);
  for (;;) {
    const turn = follow.next();
    yield* beatsUntil(turn, clock, { ms: limits.eventsKeepAliveMs, beat: KEEP_ALIVE });
    const got = await turn;
    if (got.seen === null) return yield TO_BE_RESUMED;
    // It was removed: there is nothing more to tell.
    if (got.seen.kind !== 'found') return;
    const { snapshot } = got.seen;
    const view = viewOf(snapshot.job, clock.now(), null);
    if (got.of === 'lines') {
      const page = got.seen as Extract<LogsOutcome, { kind: 'found' }>;
      yield* linesOf(page.lines, view, fence);
      fence = page.lines.at(-1)?.fence ?? fence;
      if (page.isDone) return yield* endOf(engine, snapshot);
      follow.linesOf(snapshot.job, page.next);
    } else if (!isFinal(snapshot.job.state)) {
      if (isNews(told, view)) yield (spelling) => spelling.status(view);
      if (view.state === PARKED_WORD && told.state !== PARKED_WORD) return;
      told = view;
      follow.changeOf(snapshot.job);
    }
    // How it ended is told behind all that it emitted: the lines say when that is.
  }
}

/** Those of a new run stand in the place of what an earlier one emitted. */
function* linesOf(lines: readonly LogLine[], view: TaskView, known: number | null): Generator<Update, void, undefined> {
  const runs: { readonly fence: number; readonly contents: Content[] }[] = [];
  for (const line of lines) {
    const last = runs.at(-1);
    if (last?.fence === line.fence) last.contents.push(chunkContent(line));
    else runs.push({ fence: line.fence, contents: [chunkContent(line)] });
  }
  for (const { fence, contents } of runs) {
    const part = { artifact: { id: OUTPUT, contents }, isAppended: fence === known, isLast: false };
    yield (spelling) => spelling.artifact(view, part);
  }
}

async function* endOf(engine: Engine, snapshot: Snapshot): Updates {
  const view = viewOf(snapshot.job, engine.clock.now(), null);
  const content = contentOf(await resultOf(engine, snapshot));
  if (content !== null) {
    const part = { artifact: { id: RESULT, contents: [content] }, isAppended: false, isLast: true };
    yield (spelling) => spelling.artifact(view, part);
  }
  yield (spelling) => spelling.status(view);
}

function isNews(before: TaskView, now: TaskView): boolean {
  if (before.state !== now.state || before.text !== now.text) return true;
  return before.job.progress.percent !== now.job.progress.percent;
}

function outputOf(lines: readonly LogLine[]): readonly Artifact[] | null {
  return lines.length === 0 ? null : [{ id: OUTPUT, contents: lines.map(chunkContent) }];
}
