/** Ends that somebody waits for: see `contract-ended.ts`. */
import type { EndedJob } from '../contract.ts';
import { repeated } from './connection/repeat.ts';
import type { Session } from './connection/session.ts';
import { givenText, plainArray } from './wire-text.ts';

export async function readEnded(session: Session, limit: number): Promise<readonly EndedJob[]> {
  const rows = await repeated(() => session.run('endedRead', [limit]));
  return rows.map(([place, number, revision, id, tenant, state]) => {
    return { place, number, revision, id, tenant: givenText(tenant as string), state } as EndedJob;
  });
}

export async function dropEnded(session: Session, batch: readonly Pick<EndedJob, 'place'>[]): Promise<void> {
  if (batch.length === 0) return;
  const values = [plainArray(batch.map(({ place }) => place))];
  await repeated(() => session.run('endedDrop', values));
}
