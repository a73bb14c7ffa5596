/** Checks of what runs: the server, the key, its clock, and the store while no server has it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ClientError, createClient } from '../../client/index.ts';
import { BideError, ERRORS } from '../../core/errors.ts';
import type { Target } from '../connection.ts';
import type { DatabaseChoice } from '../service/database-choice.ts';
import { durationText } from '../terminal/duration.ts';
import { type Finding, fine, problem } from './doctor-check.ts';

const ANSWER_MS_MAX = 5_000;
/** Runs, deadlines and leases are told in the server's time; people and clients compare them with their own. */
const CLOCK_MS_MAX = 2_000;

export interface ServerFindings {
  readonly findings: readonly Finding[];
  /** Whether a server answered: then it has the store, and nobody else can look. */
  readonly isRunning: boolean;
}

export async function checkServer(target: Target | null): Promise<ServerFindings> {
  if (target === null) {
    return { findings: [fine('server', 'none is running here: `bide serve` starts one')], isRunning: false };
  }
  const sentAt = Date.now();
  const answer = await ready(target.url);
  if (answer === null) return { findings: [unreachable(target)], isRunning: false };
  const findings = [
    answer.status === 200
      ? fine('server', `${target.url} is ready`)
      : problem('server', `${target.url} answers ${answer.status}: ${answer.reason}`, 'See its log for the cause.'),
    await checkKey(target),
  ];
  if (answer.date !== null) findings.push(checkClock(answer.date, sentAt, 'the server'));
  return { findings, isRunning: true };
}

interface ReadyAnswer {
  readonly status: number;
  readonly reason: string;
  /** Epoch ms by the server's clock, to the second. */
  readonly date: number | null;
}

async function ready(url: string): Promise<ReadyAnswer | null> {
  try {
    const path = `${url.replace(/(?<!\/)\/+$/, '')}/readyz`;
    const response = await fetch(path, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    const text = await response.text();
    const date = Date.parse(response.headers.get('date') ?? '');
    return { status: response.status, reason: text.slice(0, 200), date: Number.isNaN(date) ? null : date };
  } catch {
    return null;
  }
}

function unreachable({ url, folder }: Target): Finding {
  if (folder === null) return problem('server', `${url} does not answer`, 'Check the URL, and that the server runs.');
  return fine('server', `none is running: the last one on ${folder} was at ${url}`);
}

async function checkKey({ url, key }: Target): Promise<Finding> {
  const advice = 'Pass one with --key or BIDE_KEY; `bide keys create` makes one.';
  if (key === undefined) return problem('key', 'no API key is at hand', advice);
  try {
    await createClient({ url, key, triesMax: 1, answerMsMax: ANSWER_MS_MAX }).types();
    return fine('key', 'the server takes the key');
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    // A key without the scope to read types is a good key for something else.
    if (error.status === 403) return fine('key', 'the server knows the key, which may not read');
    return problem('key', `the server refuses the key: ${error.message}`, advice);
  }
}

function checkClock(theirs: number, sentAt: number, whose: string): Finding {
  // The header has whole seconds, and the answer took a moment: both are within the tolerance.
  const offMs = Math.abs(theirs - sentAt);
  if (offMs <= CLOCK_MS_MAX) return fine('clock', `agrees with ${whose}`);
  const advice = 'Let both machines keep time by NTP.';
  return problem('clock', `differs by ${durationText(offMs)} from ${whose}`, advice);
}

export interface StoreToCheck {
  readonly dataFolder: string;
  readonly database: DatabaseChoice | undefined;
}

/** The lock, the schema and the clock of a store. Opens it, and changes nothing. */
export async function checkStore({ dataFolder, database }: StoreToCheck): Promise<readonly Finding[]> {
  const { lossOf, openStore } = await import('../../app.ts');
  if (database === undefined && !existsSync(join(dataFolder, 'bide.db'))) {
    const loss = await lossOf(dataFolder);
    return [loss === null ? fine('store', 'nothing stored yet') : problemOf(loss)];
  }
  try {
    const store = await openStore({ dataFolder, database });
    try {
      const { from, to, applied } = await store.migrate({ dryRun: true });
      const clock = store.facts.isShared ? [checkClock(await store.time(), Date.now(), 'the database')] : [];
      if (applied.length > 0) {
        return [fine('store', `opens; schema version ${from}, and the next start brings it to ${to}`), ...clock];
      }
      const differences = await store.inspect();
      return [...schemaFindings(to, differences), ...clock];
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof BideError)) throw error;
    return [problemOf(error)];
  }
}

function problemOf({ message, code }: BideError): Finding {
  return problem('store', message, ERRORS[code].advice);
}

function schemaFindings(version: number, differences: readonly string[]): readonly Finding[] {
  if (differences.length === 0) return [fine('store', `opens, and nobody else has it; schema version ${version}`)];
  const advice = 'Somebody changed the schema by hand: put it back, or restore a backup.';
  return differences.map((difference) => problem('store', difference, advice));
}
