/** Batches on the wire: what a create asks for, the lines of the file, and what a batch looks like. */
import { type Static, Type } from 'typebox';
import { FILE_BATCH_STATES } from '../../../core/file-batches/file-batch.ts';
import { nullable } from '../wire.ts';

/** What a line can be a request to. */
export const ENDPOINTS = ['/v1/responses', '/v1/chat/completions'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

const Metadata = Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 512 }), { maxProperties: 16 });

export const BatchRequest = Type.Object({
  input_file_id: Type.String({ minLength: 1, maxLength: 200 }),
  endpoint: Type.String({ maxLength: 200 }),
  completion_window: Type.String({ maxLength: 20 }),
  metadata: Type.Optional(nullable(Metadata)),
  output_expires_after: Type.Optional(nullable(Type.Object({ anchor: Type.String(), seconds: Type.Number() }))),
});
export type BatchRequest = Static<typeof BatchRequest>;

export const CUSTOM_ID_LENGTH_MAX = 512;

export const BatchLine = Type.Object({
  custom_id: Type.String({ minLength: 1, maxLength: CUSTOM_ID_LENGTH_MAX }),
  method: Type.Literal('POST'),
  url: Type.String({ maxLength: 2_000 }),
  body: Type.Object({}),
});
export type BatchLine = Static<typeof BatchLine>;

const time = nullable(Type.Integer());
const fileId = nullable(Type.String({ pattern: '^file-' }));

export const BatchBody = Type.Object({
  id: Type.String({ pattern: '^batch_[0-9a-f]{32}$' }),
  object: Type.Literal('batch'),
  endpoint: Type.String(),
  errors: nullable(
    Type.Object({
      object: Type.Literal('list'),
      data: Type.Array(
        Type.Object({
          code: Type.String(),
          message: Type.String(),
          param: nullable(Type.String()),
          line: nullable(Type.Integer()),
        }),
      ),
    }),
  ),
  input_file_id: Type.String(),
  completion_window: Type.String(),
  status: Type.Enum([...FILE_BATCH_STATES]),
  output_file_id: fileId,
  error_file_id: fileId,
  created_at: Type.Integer(),
  in_progress_at: time,
  expires_at: Type.Integer(),
  finalizing_at: time,
  completed_at: time,
  failed_at: time,
  expired_at: time,
  cancelling_at: time,
  cancelled_at: time,
  request_counts: Type.Object({ total: Type.Integer(), completed: Type.Integer(), failed: Type.Integer() }),
  metadata: nullable(Metadata),
});
export type BatchBody = Static<typeof BatchBody>;
