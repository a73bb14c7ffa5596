/** The vendor's wire: its words, its bodies, and what its requests may carry. */
import { Type } from 'typebox';
import type { Json } from '../../core/job.ts';
import type { Sentiment } from './sentiment.ts';

/** Lower case on the wire, whatever the vendor's prose says. */
export const STATUS_WORDS = ['scheduled', 'in_progress', 'completed', 'failed'] as const;
export type StatusWord = (typeof STATUS_WORDS)[number];

export const MEDIA = ['audio', 'video'] as const;
export type Medium = (typeof MEDIA)[number];

/** Exactly these two. */
export interface JobBody {
  readonly id: string;
  readonly status: StatusWord;
}

export interface SubmitBody {
  readonly conversationId: string;
  readonly jobId: string;
}

/** One utterance of a submitted text. Unknown members are ignored, here and everywhere in this API. */
export const TextMessage = Type.Object({
  payload: Type.Object({ content: Type.String(), contentType: Type.Optional(Type.String()) }),
  from: Type.Optional(Type.Object({ name: Type.Optional(Type.String()), userId: Type.Optional(Type.String()) })),
  duration: Type.Optional(
    Type.Object({ startTime: Type.Optional(Type.String()), endTime: Type.Optional(Type.String()) }),
  ),
});

export const TextRequest = Type.Object({ messages: Type.Array(TextMessage, { minItems: 1 }) });

export const UrlRequest = Type.Object({ url: Type.String({ minLength: 1 }) });

export const Credentials = Type.Object({
  type: Type.Literal('application'),
  appId: Type.String({ minLength: 1, maxLength: 256 }),
  appSecret: Type.String({ minLength: 1, maxLength: 4_096 }),
});

/** Options of a submit: in the body, or as query parameters where the body is media. */
export type Options = Readonly<Record<string, Json>>;

export interface Speaker {
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  readonly userId?: string;
}

/** One sentence of a conversation, as `/messages` gives it before its optional parts. */
export interface Message {
  readonly id: string;
  readonly text: string;
  readonly from: Speaker;
  readonly startTime: string;
  readonly endTime: string;
  /** Seconds since the conversation began. */
  readonly timeOffset: number;
  /** Seconds. */
  readonly duration: number;
  readonly conversationId: string;
  /** From the handler, where it says any. */
  readonly sentiment: Sentiment | null;
}
