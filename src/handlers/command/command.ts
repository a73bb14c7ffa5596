/**
 * The `command` handler: one run of a configured program per attempt.
 *
 * The job's input goes to stdin as JSON and stdin is closed; stdout is the result; lines `progress 40 message` on stderr are
 * progress and all others are log. The job's signal ends the program and everything that it started: SIGTERM, then SIGKILL.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Limits } from '../../core/limits.ts';
import type { Attempt, AttemptOutcome, Handler } from '../../engine/api.ts';
import type { Clock } from '../../engine/clock.ts';
import { complaintAbout } from '../../engine/json-check.ts';
import { permanentFailure, resultTooLarge, retryableFailure } from '../failed.ts';
import { isScarce, notStarted } from '../scarce.ts';
import { missingForCommand } from './missing-program.ts';
import type { CommandOptions } from './options.ts';
import { type ProcessEnd, type ProcessGroup, startGroup } from './process-group.ts';
import { progressOf } from './progress-line.ts';
import { missingDescriptors } from './spare-descriptors.ts';
import { type StderrLines, stderrLines } from './stderr-lines.ts';

export interface CommandEnvironment {
  readonly limits: Pick<Limits, 'resultBytesMax' | 'cancelGraceMs' | 'errorMessageLengthMax' | 'jsonDepthMax'>;
  readonly clock: Clock;
  /** Folder of the config file. */
  readonly baseDir: string;
}

/** All that a program inherits: what finding programs and naming the user's language takes, and no secret. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SystemRoot', 'PATHEXT'];

/** SIGKILL comes this part of the grace before its end, so that the outcome is known when the engine stops waiting. */
const KILL_AT = 0.8;

/** Not worth another attempt: the program is not there, or not a program. */
const NEVER_STARTS = new Set(['ENOENT', 'EACCES', 'ENOTDIR', 'ENOEXEC', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'E2BIG']);

export function commandHandler(options: CommandOptions, environment: CommandEnvironment): Handler {
  return {
    kind: 'command',
    run: (attempt) => runCommand(options, environment, attempt),
    missing: () => missingForCommand(options, environment.baseDir),
  };
}

async function runCommand(
  options: CommandOptions,
  environment: CommandEnvironment,
  attempt: Attempt,
): Promise<AttemptOutcome> {
  if (attempt.signal.aborted) return { kind: 'aborted' };
  const missing = missingDescriptors();
  if (missing !== null) return notStarted(options.program, missing);
  const group = start(options, environment, attempt);
  const stop = () => group.stop(environment.limits.cancelGraceMs * KILL_AT);
  attempt.signal.addEventListener('abort', stop, { once: true });
  try {
    const stderr = logOf(group, attempt);
    const stdout = collect(group, environment.limits.resultBytesMax);
    group.child.stdin.on('error', ignoreClosedPipe);
    group.child.stdin.end(attempt.input);
    const end = await group.ended;
    stderr.end();
    if (end.kind === 'notStarted')
      return couldNotStart({ options, environment, cwd: cwdOf(options, environment) }, end.error);
    if (attempt.signal.aborted) return { kind: 'aborted' };
    return await outcomeOf({ options, environment, end, stdout: stdout(), stderr });
  } finally {
    attempt.signal.removeEventListener('abort', stop);
  }
}

function start(options: CommandOptions, { clock, baseDir }: CommandEnvironment, { job, trace }: Attempt): ProcessGroup {
  const program = /^\.{1,2}[/\\]/.test(options.program) ? resolve(baseDir, options.program) : options.program;
  const inherited = Object.fromEntries(INHERITED.map((name) => [name, process.env[name]]));
  const env = {
    ...inherited,
    BIDE_JOB_ID: job.id,
    BIDE_JOB_TYPE: job.type,
    BIDE_ATTEMPT: String(job.attempt),
    BIDE_FENCE: String(job.fence),
    // As programs that know OpenTelemetry read them.
    ...(trace === null ? {} : { TRACEPARENT: trace.parent, TRACESTATE: trace.state }),
    ...options.env,
  };
  return startGroup(program, options.args ?? [], { clock, cwd: cwdOf(options, { baseDir }), env });
}

function cwdOf(options: CommandOptions, { baseDir }: Pick<CommandEnvironment, 'baseDir'>): string {
  return resolve(baseDir, options.cwd ?? '.');
}

function logOf(group: ProcessGroup, attempt: Attempt): StderrLines {
  const lines = stderrLines((line) => {
    const progress = progressOf(line);
    if (progress === null) attempt.log(line);
    else attempt.report(progress.percent, progress.message);
    return progress === null;
  });
  group.child.stderr.on('data', (chunk: Buffer) => lines.push(chunk));
  return lines;
}

/** Keeps stdout up to the limit; past it the program is ended and the answer is null. */
function collect(group: ProcessGroup, bytesMax: number): () => Buffer | null {
  let chunks: Buffer[] = [];
  let size = 0;
  group.child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.byteLength;
    if (size <= bytesMax) {
      chunks.push(chunk);
      return;
    }
    chunks = [];
    group.stop(0);
  });
  return () => (size > bytesMax ? null : Buffer.concat(chunks));
}

interface Finished {
  readonly options: CommandOptions;
  readonly environment: CommandEnvironment;
  readonly end: Extract<ProcessEnd, { kind: 'exited' }>;
  /** Null where there was more than the limit. */
  readonly stdout: Buffer | null;
  readonly stderr: StderrLines;
}

async function outcomeOf(finished: Finished): Promise<AttemptOutcome> {
  const { options, environment, end, stdout } = finished;
  const { resultBytesMax } = environment.limits;
  if (stdout === null) return resultTooLarge(`What ${options.program} wrote to stdout is too large`, resultBytesMax);
  if (end.exitCode !== 0) return failedCommand(finished);
  if (options.output === 'bytes') {
    return succeeded(options.contentType ?? 'application/octet-stream', stdout);
  }
  if (stdout.toString('latin1').trim() === '') return succeeded('application/json', Buffer.from('null'));
  const complaint = await complaintAbout(stdout, environment.limits);
  if (complaint === null) return succeeded('application/json', stdout);
  const message = `${options.program} wrote something to stdout that ${complaint}.`;
  return permanentFailure('RESULT_NOT_JSON', message, { stdout: stdout.toString('utf8', 0, 500) });
}

function failedCommand({ options, environment, end, stderr }: Finished): AttemptOutcome {
  const tail = stderr.tail();
  const how = end.exitCode === null ? `was ended by ${end.signal}` : `ended with exit code ${end.exitCode}`;
  const lastLine = tail.slice(tail.lastIndexOf('\n') + 1);
  const message = `${options.program} ${how}${lastLine === '' ? '.' : `: ${lastLine}`}`;
  const details = { exitCode: end.exitCode, signal: end.signal, stderr: tail };
  const isPermanent = end.exitCode !== null && (options.permanentExitCodes ?? []).includes(end.exitCode);
  const failed = isPermanent ? permanentFailure : retryableFailure;
  return failed('COMMAND_FAILED', message.slice(0, environment.limits.errorMessageLengthMax), details);
}

/** A working folder that is missing is told as ENOENT, like a program that is. */
function couldNotStart(
  { options, environment, cwd }: Pick<Finished, 'options' | 'environment'> & { cwd: string },
  error: NodeJS.ErrnoException,
): AttemptOutcome {
  if (isScarce(error.code)) return notStarted(options.program, error.code);
  const failed = NEVER_STARTS.has(error.code ?? '') ? permanentFailure : retryableFailure;
  const isFolderMissing = error.code === 'ENOENT' && !existsSync(cwd);
  const reason = isFolderMissing
    ? `its working folder ${options.cwd ?? environment.baseDir} does not exist`
    : (error.code ?? error.message);
  return failed('COMMAND_NOT_STARTED', `${options.program} could not be started: ${reason}.`);
}

function succeeded(contentType: string, bytes: Uint8Array): AttemptOutcome {
  return { kind: 'succeeded', result: { contentType, bytes } };
}

/** A program may end without reading its input; its exit code says whether that was an error. */
function ignoreClosedPipe(): void {}
