/** Plays a role of a side in a process of its own, and adds what its database or Redis has spent of CPU meanwhile. */
import { join } from 'node:path';
import type { Metrics } from '../report/result.ts';
import type { SideFacts } from '../sides/catalog.ts';
import type { Place, Role } from '../sides/side.ts';
import { freshFolder, removeFolder, runToEnd } from './children.ts';
import { BENCH, BUN } from './peers.ts';
import type { Services } from './services.ts';

/** A side that takes longer for one role is stuck. */
const ROLE_MS_MAX = 120_000;

export interface Step {
  readonly role: Role;
  readonly amount: number;
}

/** The roles one after another in one fresh place; the answer is that of the last. */
export async function playSide(side: SideFacts, steps: readonly Step[], services: Services): Promise<Metrics> {
  const folder = freshFolder(side.name);
  const place: Place = { folder, url: side.needs === null ? null : await services.place(side.needs) };
  try {
    let answer: Metrics = {};
    for (const step of steps) answer = await play(side, step, { place, services });
    return answer;
  } finally {
    removeFolder(folder);
  }
}

async function play(
  { file, mode, runtime, needs }: SideFacts,
  { role, amount }: Step,
  { place, services }: { readonly place: Place; readonly services: Services },
): Promise<Metrics> {
  const before = services.cpuSeconds(needs);
  const program = runtime === 'bun' ? BUN : process.execPath;
  const args = [join(BENCH, 'sides', 'play.ts'), file, mode, role, String(amount), JSON.stringify(place)];
  const out = await runToEnd({ program, args }, ROLE_MS_MAX);
  const answer = JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as Metrics;
  const { jobs } = answer;
  if (needs === null || jobs === undefined) return answer;
  return { ...answer, serverCpuUs: ((services.cpuSeconds(needs) - before) * 1_000_000) / jobs };
}
