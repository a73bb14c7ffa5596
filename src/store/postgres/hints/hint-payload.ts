/**
 * What one NOTIFY carries: who sent it, and job ids and types. PostgreSQL takes less than 8,000 bytes per notification, which
 * is 200 ids. Packed to 22 characters there would be 312, and the packing would cost more than the notifications it saves.
 */
import type { Hint } from '../../contract.ts';
import { givenText, storedText } from '../wire-text.ts';

const PAYLOAD_BYTES_MAX = 7_800;
const COMMA_BYTES = 1;
/** A UUID, its quotes and a comma. */
const ID_BYTES = 36 + 2 + COMMA_BYTES;

interface Payload {
  /** The sending process. */
  readonly f: string;
  /** Job ids. */
  readonly j?: readonly string[];
  /** Types. */
  readonly t?: readonly string[];
  /** Everything may have changed. */
  readonly e?: 1;
}

export interface HintContent {
  readonly ids: readonly string[];
  readonly types: readonly string[];
}

export function everythingPayload(sender: string): string {
  return JSON.stringify({ f: sender, e: 1 } satisfies Payload);
}

/** As many payloads as it takes. */
export function payloadsOf(sender: string, { ids, types }: HintContent): readonly string[] {
  const payloads: string[] = [];
  let j: string[] = [];
  let t: string[] = [];
  let bytes = 0;
  const flush = () => {
    if (j.length + t.length > 0) payloads.push(JSON.stringify({ f: sender, j, t } satisfies Payload));
    j = [];
    t = [];
    bytes = 0;
  };
  const add = (list: () => string[], item: string, size: number) => {
    if (bytes + size > PAYLOAD_BYTES_MAX) flush();
    list().push(item);
    bytes += size;
  };
  for (const id of ids) add(() => j, id, ID_BYTES);
  for (const type of types) {
    const stored = storedText(type);
    add(() => t, stored, Buffer.byteLength(JSON.stringify(stored)) + COMMA_BYTES);
  }
  flush();
  return payloads;
}

/** The hints of another process; none for our own and for whatever is not a payload of ours. */
export function hintsOf(text: string, sender: string): readonly Hint[] {
  const payload = payloadOf(text);
  if (payload === null || payload.f === sender) return [];
  if (payload.e === 1) return [{ kind: 'everything' }];
  const hints: Hint[] = [];
  if (payload.j !== undefined && payload.j.length > 0) hints.push({ kind: 'jobs', ids: payload.j });
  if (payload.t !== undefined && payload.t.length > 0) hints.push({ kind: 'work', types: payload.t.map(givenText) });
  return hints;
}

function payloadOf(text: string): Payload | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'f' in value ? (value as Payload) : null;
  } catch {
    return null;
  }
}
