/** Batches as the vendor says them, and what this dialect keeps of the request for one. Pure and total. */
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { FileBatch, FileBatchView } from '../../../engine/api.ts';
import { seconds } from '../files/mapping.ts';
import { BATCH_IDS, FILE_IDS } from '../named-ids.ts';
import { nullable } from '../wire.ts';
import { type BatchBody, ENDPOINTS, type Endpoint } from './wire.ts';

const Kept = Type.Object({
  endpoint: Type.Unsafe<Endpoint>(Type.Enum([...ENDPOINTS])),
  /** As the client said it. */
  window: Type.String(),
  metadata: nullable(Type.Record(Type.String(), Type.String())),
});
export type Kept = Readonly<Static<typeof Kept>>;

/** An archive may have been written by another version. */
export function keptOf({ options }: Pick<FileBatch, 'options'>): Kept {
  return Value.Check(Kept, options) ? options : { endpoint: '/v1/responses', window: '24h', metadata: null };
}

export function batchBody(view: FileBatchView): BatchBody {
  const { endpoint, window, metadata } = keptOf(view);
  const { state, times, issues, counts } = view;
  const endedAs = (word: FileBatchView['state']) => (state === word ? secondsOrNull(times.endedAt) : null);
  return {
    id: BATCH_IDS.of(view.id),
    object: 'batch',
    endpoint,
    errors: issues.length === 0 ? null : { object: 'list', data: issues.map((issue) => ({ ...issue })) },
    input_file_id: FILE_IDS.of(view.file),
    completion_window: window,
    status: state,
    output_file_id: view.output === null ? null : FILE_IDS.of(view.output),
    error_file_id: view.errors === null ? null : FILE_IDS.of(view.errors),
    created_at: seconds(view.createdAt),
    in_progress_at: secondsOrNull(times.startedAt),
    expires_at: seconds(view.expiresAt),
    finalizing_at: secondsOrNull(times.finalizingAt),
    completed_at: endedAs('completed'),
    failed_at: endedAs('failed'),
    expired_at: endedAs('expired'),
    cancelling_at: secondsOrNull(times.cancellingAt),
    cancelled_at: endedAs('cancelled'),
    request_counts: { ...counts },
    metadata,
  };
}

function secondsOrNull(ms: number | null): number | null {
  return ms === null ? null : seconds(ms);
}
