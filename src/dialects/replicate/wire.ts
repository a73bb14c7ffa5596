/** The vendor's wire: predictions, pages of them, models and their versions, spelled as the vendor spells them. */
import { type Static, type TSchema, Type } from 'typebox';

/** Every status word that the vendor has. */
export const STATUS_WORDS = ['starting', 'processing', 'succeeded', 'failed', 'canceled', 'aborted'] as const;
export type StatusWord = (typeof STATUS_WORDS)[number];

export const WEBHOOK_EVENTS = ['start', 'output', 'logs', 'completed'] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** Seconds that a create is held at most; whoever asks for more is held so long. */
export const WAIT_SECONDS_MAX = 60;
/** Predictions of one page. */
export const PAGE_SIZE = 100;
/** Seconds that `Cancel-After` must leave at least. */
export const CANCEL_AFTER_SECONDS_MIN = 5;

const Nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const EventsFilter = Type.Array(Type.Unsafe<WebhookEvent>(Type.Enum([...WEBHOOK_EVENTS])), { maxItems: 100 });

/** What else a body has is left alone, as the vendor leaves it. */
export const PredictionRequest = Type.Object({
  input: Type.Unknown(),
  version: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 400 }))),
  webhook: Type.Optional(Nullable(Type.String())),
  webhook_events_filter: Type.Optional(Nullable(EventsFilter)),
  stream: Type.Optional(Nullable(Type.Boolean())),
});
export type PredictionRequest = Static<typeof PredictionRequest>;

/** `stream` is missing where nobody in particular is told, as in a webhook. */
const Urls = Type.Object(
  { get: Type.String(), cancel: Type.String(), stream: Type.Optional(Type.String()) },
  { additionalProperties: false },
);
export type Urls = Static<typeof Urls>;

const Metrics = Type.Object(
  { predict_time: Type.Optional(Type.Number()), total_time: Type.Optional(Type.Number()) },
  { additionalProperties: false },
);

export const Prediction = Type.Object(
  {
    id: Type.String(),
    model: Type.String(),
    version: Type.String(),
    input: Type.Unknown(),
    logs: Type.Optional(Type.String()),
    output: Type.Unknown(),
    data_removed: Type.Boolean(),
    error: Nullable(Type.String()),
    source: Type.Literal('api'),
    status: Type.Unsafe<StatusWord>(Type.Enum([...STATUS_WORDS])),
    created_at: Type.String(),
    started_at: Nullable(Type.String()),
    completed_at: Nullable(Type.String()),
    metrics: Metrics,
    urls: Urls,
  },
  { additionalProperties: false },
);

/** Pages of anything: `next` and `previous` are whole URLs. */
export interface Page {
  readonly previous: string | null;
  readonly next: string | null;
  readonly results: readonly unknown[];
}

const InvalidField = Type.Object({ type: Type.String(), field: Type.String(), description: Type.String() });

export const ErrorBody = Type.Object(
  {
    title: Type.String(),
    detail: Type.String(),
    status: Type.Integer(),
    invalid_fields: Type.Optional(Type.Array(InvalidField)),
  },
  { additionalProperties: false },
);
export type ErrorBody = Static<typeof ErrorBody>;
