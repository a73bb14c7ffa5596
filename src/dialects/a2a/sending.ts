/** Messages: one without a task starts one, one with the id of a task that waits for input is that input. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { isObject } from '../../core/json-object.ts';
import { isParked } from '../../core/signals.ts';
import { isFinal } from '../../core/state.ts';
import type { CallerSignal, Snapshot } from '../../engine/api.ts';
import { hasScope } from '../credentials.ts';
import type { Call } from './call.ts';
import { because } from './faults.ts';
import { contextOf } from './mapping.ts';
import { inputOf } from './parts.ts';
import { viewOf } from './spelling.ts';
import { type Sent, sentIn, startTask } from './submission.ts';
import { found, taskIdOf, taskOf } from './tasks.ts';

export async function sendMessage(call: Call, params: Json): Promise<object> {
  const sent = sentIn(params);
  const snapshot = await taken(call, sent);
  // Whoever started it is told what came of it. Of a task of others a key that may not read learns that the message was taken.
  if (sent.taskId !== null && !hasScope(call.principal, 'read')) {
    return call.spelling.sent(viewOf({ ...snapshot.job, error: null }, call.context.engine.clock.now(), null));
  }
  const latest = sent.isBlocking ? await settled(call, snapshot) : snapshot;
  return call.spelling.sent(await taskOf(call.context.engine, latest));
}

/** The task that a message started or went to, durable before anybody is told of it. */
export function taken(call: Call, sent: Sent): Promise<Snapshot> {
  return sent.taskId === null ? startTask(call, sent) : tellTask(call, sent, sent.taskId);
}

async function tellTask(call: Call, sent: Sent, taskId: string): Promise<Snapshot> {
  const { engine } = call.context;
  const { tenant } = call.principal;
  const id = taskIdOf(taskId);
  const [lookup] = await engine.read(tenant, [id]);
  const { job } = found(lookup);
  if (sent.contextId !== null && sent.contextId !== contextOf(job)) {
    throw new BideError('INVALID_REQUEST', 'message.contextId is not the context of the task in message.taskId.');
  }
  if (sent.push !== null) {
    throw new BideError(
      'INVALID_REQUEST',
      'The task is there already: give it its push notification config by itself.',
    );
  }
  if (isFinal(job.state)) throw unsupported('The task has ended and takes no more messages: send one without taskId.');
  const name = signalNamed(sent) ?? job.marks?.signal?.name;
  if (name === undefined) {
    throw unsupported('The task does not wait for input; message.metadata.signal names what to tell it all the same.');
  }
  return signalled(await engine.signal({ tenant, id, name, value: inputOf(sent.contents, null) }));
}

function signalNamed({ metadata: [own] }: Sent): string | undefined {
  const name = isObject(own) ? own.signal : undefined;
  return typeof name === 'string' ? name : undefined;
}

type Outcome = Awaited<ReturnType<Call['context']['engine']['signal']>>;

function signalled(outcome: Outcome): Snapshot {
  switch (outcome.kind) {
    case 'done':
    case 'unchanged':
      return outcome.snapshot;
    case 'wrongState':
      throw unsupported('The task has ended and takes no more messages: send one without taskId.');
    case 'full':
      throw new BideError('SIGNALS_FULL');
    case 'invalidRequest':
      throw new BideError(
        'INVALID_REQUEST',
        outcome.issues.map(({ path, message }) => `${path} ${message}`).join('; '),
      );
    default:
      return found(outcome);
  }
}

export function unsupported(message: string): BideError {
  return new BideError('WRONG_STATE', message, because('UNSUPPORTED_OPERATION'));
}

/**
 * The task once it has ended or waits for input; or as it is when `waitMsMax` is over, the server shuts down or holds as many requests as it may.
 * Each of these is an answer that a client goes on from, by polling or by sending the same message again.
 */
async function settled({ context, principal, reply }: Call, snapshot: Snapshot): Promise<Snapshot> {
  const { engine, holds } = context;
  if (isSettled(snapshot)) return snapshot;
  const endsAt = engine.clock.now() + engine.limits.waitMsMax;
  const wait = async (signal: CallerSignal) => {
    let latest = snapshot;
    while (!isSettled(latest) && !signal.aborted) {
      const { tenant, id, revision } = latest.job;
      const until = { kind: 'change', since: revision } as const;
      const timeoutMs = endsAt - engine.clock.now();
      const waited = await engine.wait({ tenant, ids: [id], for: 'all', until, timeoutMs, signal });
      latest = found(waited.lookups[0]);
      if (!waited.isSatisfied) break;
    }
    return latest;
  };
  return (await holds.hold(principal, reply, wait)) ?? snapshot;
}

function isSettled({ job }: Snapshot): boolean {
  return isFinal(job.state) || isParked(job);
}
