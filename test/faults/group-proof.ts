/** A large group whose server is killed again and again: every member is counted once, and what follows is submitted once. */
import assert from 'node:assert/strict';
import { type Client, createClient, type GroupBody, type SubmitBody } from '../../src/client/index.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';

const IS_FULL = process.env.BIDE_FAULTS === 'full';
export const JOBS = Number(process.env.BIDE_JOBS ?? (IS_FULL ? 3_000 : 600));
const PORTION = Math.ceil(JOBS / 6);
/** Parts of the members that have ended when the server is killed: as soon as one has, in the middle, and all. */
const KILLED_AT = IS_FULL ? [0, 0.3, 0.6, 0.9, 1] : [0, 0.5, 1];

export interface GroupScene {
  readonly data: string;
  readonly folder: string;
  readonly args: readonly string[];
}

/** Answers how many had ended at each start. */
export async function proveGroup({ data, folder, args }: GroupScene): Promise<readonly number[]> {
  const start = () => startServer({ data, cwd: folder, args: ['--playground', ...args] });
  const seen: number[] = [];
  let id = '';
  for (const killedAt of KILLED_AT) {
    await using server = await start();
    const client = clientOf(server);
    if (id === '') id = await filled(client);
    seen.push(endedOf(await client.groups.get(id)));
    await untilEnded(client, id, Math.max(1, Math.floor(JOBS * killedAt)));
    await server.end('SIGKILL');
  }
  await using server = await start();
  const client = clientOf(server);
  const { group } = await client.groups.wait(id);
  assert.deepEqual(group.counts, { unfinished: 0, succeeded: JOBS, failed: 0, cancelled: 0, expired: 0 });
  assert.deepEqual([group.total, group.outcome, group.onFailure], [JOBS, 'succeeded', null]);
  const numbers = new Set<unknown>();
  for await (const job of client.groups.jobs(id)) numbers.add(job.id);
  assert.equal(numbers.size, JOBS);
  await provedOnce(client, group);
  return seen;
}

function clientOf(server: ServerProcess): Client {
  return createClient({ url: server.url, key: server.key });
}

/** A call whose server is killed is sent again with its key. */
async function filled(client: Client): Promise<string> {
  const followUps = Object.fromEntries([['then', { type: 'echo', tags: { after: 'always' } }]]);
  const onSuccess = { type: 'echo', tags: { after: 'success' } };
  const { id } = await client.groups.create({ ...followUps, onSuccess, isOpen: true }, { idempotencyKey: 'group' });
  for (let from = 0; from < JOBS; from += PORTION) {
    const jobs = Array.from({ length: PORTION }, (_, n): SubmitBody => ({ type: 'echo', input: from + n }));
    for (let sent = 0; sent < 2; sent += 1) await client.groups.add(id, { jobs }, { idempotencyKey: `add-${from}` });
  }
  await client.groups.close(id);
  return id;
}

const endedOf = ({ total, counts }: GroupBody) => total - counts.unfinished;

async function untilEnded(client: Client, id: string, wanted: number): Promise<void> {
  for await (const group of client.groups.events(id)) if (endedOf(group) >= wanted) return;
}

/** Whoever wanted to submit it again would do so within a look of every loop. */
async function provedOnce(client: Client, group: GroupBody): Promise<void> {
  const after = async () => {
    const found: string[] = [];
    for await (const job of client.list({ types: ['echo'], tags: { after: 'always' } })) found.push(job.id);
    for await (const job of client.list({ types: ['echo'], tags: { after: 'success' } })) found.push(job.id);
    return found;
  };
  assert.deepEqual(await after(), [group.then?.jobId, group.onSuccess?.jobId]);
  const input = (await client.input(group.then?.jobId ?? '')) as { readonly group: { readonly total: number } };
  assert.equal(input.group.total, JOBS);
}
