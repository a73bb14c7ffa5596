/** The list of what a response was asked. */

import type { Job, Json } from '../../../core/job.ts';
import { type Answer, type Call, ok } from '../call.ts';
import { invalidParam } from '../errors.ts';
import { askedOf } from './asked.ts';
import { itemId } from './ids.ts';
import { requireResponse } from './reading.ts';

/** As the vendor has them. */
const LIMIT = 20;
const LIMIT_MAX = 100;

export async function listInputItems(call: Call): Promise<Answer> {
  const { order = 'desc', after, limit } = call.request.query as Readonly<Record<string, string | undefined>>;
  const size = limitOf(limit);
  const { job } = await requireResponse(call);
  const items = itemsOf(job, await call.context.engine.readInput(job.tenant, job.id));
  const ordered = order === 'asc' ? items : items.toReversed();
  const from = after === undefined ? 0 : placeBehind(ordered, after);
  const data = ordered.slice(from, from + size);
  return ok(
    JSON.stringify({
      object: 'list',
      data,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      has_more: from + size < ordered.length,
    }),
  );
}

function placeBehind(items: readonly InputItem[], after: string): number {
  const at = items.findIndex(({ id }) => id === after);
  if (at !== -1) return at + 1;
  throw invalidParam('after', "Invalid value for 'after': it must be the id of an item of this list.");
}

function limitOf(limit: string | undefined): number {
  if (limit === undefined) return LIMIT;
  const size = /^\d{1,3}$/.test(limit) ? Number(limit) : 0;
  if (size >= 1 && size <= LIMIT_MAX) return size;
  throw invalidParam('limit', `Invalid value for 'limit': it must be from 1 to ${LIMIT_MAX}.`);
}

interface InputItem {
  readonly id: string;
  readonly [name: string]: Json;
}

function itemsOf(job: Job, text: string | null): readonly InputItem[] {
  return askedOf(job, text).map((item, index) => ({
    id: itemId('msg', job.id, 0, index),
    ...(item.type === undefined ? { type: 'message' } : {}),
    ...item,
  }));
}
