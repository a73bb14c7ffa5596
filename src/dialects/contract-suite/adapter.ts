/** What the suite must be told of a vendor: how a request is put, and where in an answer the things stand that every vendor says. */
import type { Json } from '../../core/job.ts';
import type { SubmitRequest } from '../../engine/api.ts';

export interface WireRequest {
  readonly method: string;
  /** Path and query, below the place where the dialect is mounted. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, with its content type. */
  readonly json?: Json;
  /** Sent as it is. */
  readonly body?: string | Uint8Array;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  readonly text: string;
}

/** A job by every id that some vendor may know it by. */
export interface JobIds {
  readonly id: string;
  readonly number: number;
}

/** Where a job shows up beside the status of its id. */
export interface Readings {
  /** Fields that it must have been submitted with, such as a tag. */
  readonly submit?: Partial<SubmitRequest>;
  /** Lists that it is in, and all that is made of its result. */
  requests(job: JobIds): readonly WireRequest[];
}

export interface Together {
  readonly request: WireRequest;
  /** What the answer says of one of these jobs; undefined where it leaves it out. */
  of(answer: WireAnswer, job: JobIds): unknown;
}

/** Sends a request as it is: without credentials. */
export type SendBare = (request: WireRequest) => Promise<WireAnswer>;

/** The remote job type that `options` of an adapter should map starting endpoints to; the suite plays its worker. */
export const TEST_TYPE = 'contract';

export interface DialectAdapter<Options> {
  /** Options to mount the dialect with; starting endpoints lead to `TEST_TYPE`. */
  readonly options: Options;
  /** Headers that carry a key, be it after an exchange for a token. */
  credentials(key: string, send: SendBare): Promise<Record<string, string>> | Record<string, string>;
  /** A request that starts a job and does not wait for it; null where the vendor starts none. */
  readonly start: WireRequest | null;
  /** A good request with a JSON object as its body, where neither `start` nor `read` is one; null where the face takes no bodies. */
  readonly withBody?: WireRequest | null;
  /** Good requests that carry this JSON text elsewhere: in a query, as a text inside of the body. */
  readonly inner?: (json: string) => readonly WireRequest[];
  /** The job id in the answer to `start`, as the vendor says it. */
  started(answer: WireAnswer): string | undefined;
  /** A request for the status of a job that is answered at once. */
  read(job: JobIds): WireRequest;
  /** The vendor's word for the state in the answer to `read` or `hold`. */
  word(answer: WireAnswer, job: JobIds): string | undefined;
  /** Checks an answer to `read` about a job that succeeded with `result`; for vendors that hand results out there. */
  succeeded?(answer: WireAnswer, job: JobIds, result: Json): void;
  /** Asserts that this answer to `read` says there is no such job. */
  unknown(answer: WireAnswer, job: JobIds): void;
  /** As `read`, but held up to `seconds` until the job is final; null where the vendor has no waiting. */
  readonly hold: ((job: JobIds, seconds: number) => WireRequest) | null;
  /** Makes what the readings need, such as a conversation. */
  readonly readings?: (send: SendBare) => Promise<Readings> | Readings;
  /** Requests whose answers have several jobs in them; left out where the vendor has none. */
  readonly together?: (jobs: readonly JobIds[], readings: Readings) => readonly Together[];
  /** Null where the vendor has no cancel. */
  readonly cancel: ((job: JobIds) => WireRequest) | null;
  /** Requests that the vendor refuses, and the status it does that with. */
  readonly refused: readonly { readonly title: string; readonly request: WireRequest; readonly status: number }[];
  /** What is wrong with the shape of any answer of this vendor, in a sentence; null when nothing is. */
  complaint(answer: WireAnswer, request: WireRequest): string | null;
  /** Seeds for random requests. `{...}` in the paths of `serves` is filled in by itself. */
  readonly fuzz: {
    /** Query parameters worth sending, with values worth sending. */
    readonly query: Readonly<Record<string, readonly string[]>>;
    /** Bodies near the valid ones. */
    readonly bodies: readonly Json[];
  };
  /** Folder of the golden exchanges. */
  readonly golden: URL;
  /** Parts of answers that differ from run to run beside UUIDs, tokens and the address of the server; each match becomes `{{name1}}`. */
  readonly volatile?: readonly { readonly name: string; readonly pattern: RegExp }[];
  /** Response headers that golden exchanges keep, beside the content type. */
  readonly goldenHeaders?: readonly string[];
}

/** The answer's body as JSON; undefined where it is none. */
export function jsonOf(answer: WireAnswer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    return undefined;
  }
}

/** The member of a JSON body at a path such as `['response', 'job_status', 'status']`. */
export function memberOf(answer: WireAnswer, path: readonly string[]): unknown {
  let value = jsonOf(answer);
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
