/** The bodies of webhooks, of their deliveries, and of what a receiver gets. */
import type { Tags } from '../core/job.ts';
import type { EventWord } from '../core/webhooks/event-words.ts';
import type { JobBody } from './wire.ts';

export type WebhookEventWord = EventWord;

export interface WebhookDraft {
  readonly url: string;
  /** Those that end a job unless told. */
  readonly events?: readonly WebhookEventWord[] | undefined;
  /** In whose words it is told: `native` unless told, or `openai`. */
  readonly dialect?: string | undefined;
  /** Only jobs of these types. */
  readonly types?: readonly string[] | undefined;
  /** Only jobs that have each of these. */
  readonly tags?: Tags | undefined;
  /** `whsec_…`, where the receiver has one already. */
  readonly secret?: string | undefined;
}

export interface WebhookChange extends Partial<Omit<WebhookDraft, 'secret'>> {
  /** False enables it again, whatever disabled it. */
  readonly disabled?: boolean | undefined;
}

export interface WebhookBody {
  readonly id: string;
  readonly url: string;
  readonly events: readonly WebhookEventWord[];
  readonly dialect: string;
  readonly types: readonly string[];
  readonly tags: Tags;
  readonly createdAt: string;
  readonly disabled: { readonly at: string; readonly reason: string } | null;
  readonly failingSince: string | null;
}

/** A webhook at its making, or with a new secret: the only time that it is shown. */
export type WebhookWithSecret = WebhookBody & { readonly secret: string };

export type DeliveryStateWord = 'pending' | 'delivered' | 'failed';

export interface DeliveryTryBody {
  readonly at: string;
  readonly durationMs: number;
  /** Null where no answer came. */
  readonly status: number | null;
  readonly error: string | null;
  /** The first kB. */
  readonly answer: string | null;
}

export interface DeliveryBody {
  readonly id: string;
  readonly event: string;
  /** Null for a test. */
  readonly jobId: string | null;
  /** Null for the job's own callback. */
  readonly webhookId: string | null;
  readonly host: string;
  readonly state: DeliveryStateWord;
  readonly revision: number;
  readonly at: string;
  /** Of a pending one: its next try. */
  readonly dueAt: string | null;
  readonly attempt: number;
  /** The newest, oldest first. */
  readonly tries: readonly DeliveryTryBody[];
}

/** A delivery with what is sent. */
export interface WholeDeliveryBody extends DeliveryBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a receiver gets. */
export type WebhookEvent =
  | { readonly type: WebhookEventWord; readonly timestamp: string; readonly data: JobBody }
  | { readonly type: 'webhook.test'; readonly timestamp: string; readonly data: { readonly webhookId: string } };
