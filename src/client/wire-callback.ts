/** What a submit may ask to be told of. */
import type { EventWord } from '../core/webhooks/event-words.ts';

/** Where changes of one job are announced. */
export interface CallbackBody {
  readonly url: string;
  /** Those that end the job unless told. */
  readonly events?: readonly EventWord[];
  /** The webhook whose secret signs; the secret of `webhooks.callbackSecret` unless told. */
  readonly secretId?: string;
}
