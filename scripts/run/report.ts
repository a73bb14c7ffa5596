/** What a check prints: a line per step, the output of those that failed, and a last line that says how it went. */
import type { Tested } from './node-test.ts';
import type { Finished } from './step.ts';

const startedAt = performance.now();
const failed: string[] = [];

export function report({ step, isOk, isOverdue, durationMs, output }: Finished): void {
  console.log(`${isOk ? '✔' : '✖'} ${step.name} (${seconds(durationMs)})`);
  if (isOk) return;
  failed.push(step.name);
  console.log(output.trimEnd());
  if (isOverdue) console.log(`It took longer than ${seconds(step.deadlineMs)} and was stopped.`);
}

export function reportTests({ isOk, text }: Tested): void {
  console.log(text);
  console.log(`${isOk ? '✔' : '✖'} tests`);
  if (!isOk) failed.push('tests');
}

export function finish(): void {
  const took = seconds(performance.now() - startedAt);
  console.log(failed.length === 0 ? `✔ all good (${took})` : `✖ failed: ${failed.join(', ')} (${took})`);
  if (failed.length > 0) process.exitCode = 1;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
