/** What a caller may do to a job that exists, and how to get its result. */
import type { Json } from '../core/job.ts';
import { secondsOf } from './hold-loop.ts';
import { jobIn } from './job-answer.ts';
import type { JobRef } from './job-ref.ts';
import { requireKnown } from './known-options.ts';
import { pathOf } from './path-of.ts';
import type { Transport } from './transport.ts';
import type { AttemptBody, JobBody, JobTokenBody } from './wire.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface CancelOptions extends CallOptions {
  /** Answer when the job has stopped, or after this time: `state` says which. */
  readonly waitMs?: number | undefined;
}

export interface TokenOptions extends CallOptions {
  /** How long it may be used: a minute to a day; ten minutes unless told. */
  readonly ttlMs?: number | undefined;
}

export interface JobResult {
  readonly contentType: string;
  readonly bytes: Uint8Array;
  /** Throws where it is no JSON. */
  json(): unknown;
}

export interface OpenResult {
  readonly contentType: string;
  /** Null where the server did not say. */
  readonly bytesTotal: number | null;
  readonly body: ReadableStream<Uint8Array>;
}

const NO_TYPE = 'application/octet-stream';

export function commanding(transport: Transport) {
  const open = (id: JobRef, what: 'result' | 'input', options: CallOptions) =>
    transport.open({
      method: 'GET',
      path: pathOf(id, what),
      headers: { accept: '*/*' },
      isRepeatable: true,
      signal: options.signal,
    });

  return {
    async get(id: JobRef, options: CallOptions = {}): Promise<JobBody> {
      requireKnown('get', options, ['signal']);
      const call = { method: 'GET', path: pathOf(id), isRepeatable: true, signal: options.signal } as const;
      return jobIn(await transport.call(call));
    },

    /** In their order, the latest last. */
    async attempts(id: JobRef, options: CallOptions = {}): Promise<readonly AttemptBody[]> {
      requireKnown('attempts', options, ['signal']);
      const path = pathOf(id, 'attempts');
      const call = { method: 'GET', path, isRepeatable: true, signal: options.signal } as const;
      return ((await transport.call(call)).body as { readonly attempts: readonly AttemptBody[] }).attempts;
    },

    /** For a page, which must not have a key: `createClient({ url, token })` there may read this one job, wait for it and follow it. */
    async token(id: JobRef, options: TokenOptions = {}): Promise<JobTokenBody> {
      requireKnown('token', options, ['ttlMs', 'signal']);
      const { ttlMs, signal } = options;
      const json = ttlMs === undefined ? {} : { ttlMs };
      const call = { method: 'POST', path: pathOf(id, 'token'), json, isRepeatable: true, signal } as const;
      return (await transport.call(call)).body as JobTokenBody;
    },

    /** A waiting job is cancelled at once, a running one a moment later. Cancelling twice does no harm. */
    async cancel(id: JobRef, options: CancelOptions = {}): Promise<JobBody> {
      requireKnown('cancel', options, ['waitMs', 'signal']);
      const { waitMs: holdMs = 0, signal } = options;
      const query = new URLSearchParams(holdMs === 0 ? {} : { wait: secondsOf(holdMs) });
      const call = { method: 'POST', path: pathOf(id, 'cancel'), query, isRepeatable: true, holdMs, signal } as const;
      return (await transport.call(call)).body as JobBody;
    },

    /** Sent again it does no harm: the last one of a name counts. */
    async signal(id: JobRef, name: string, value: Json = null, options: CallOptions = {}): Promise<JobBody> {
      requireKnown('signal', options, ['signal']);
      const path = pathOf(id, 'signals', name);
      const call = { method: 'POST', path, json: { value }, isRepeatable: true, signal: options.signal } as const;
      return (await transport.call(call)).body as JobBody;
    },

    /** Runs a failed, cancelled or expired job again. Not tried twice: the second try would find the job waiting. */
    async retry(id: JobRef, options: CallOptions = {}): Promise<JobBody> {
      const call = { method: 'POST', path: pathOf(id, 'retry'), isRepeatable: false, signal: options.signal } as const;
      return (await transport.call(call)).body as JobBody;
    },

    /** Removes a final job and its result. Not tried twice: the second try would find it gone. */
    async remove(id: JobRef, options: CallOptions = {}): Promise<void> {
      await transport.call({ method: 'DELETE', path: pathOf(id), isRepeatable: false, signal: options.signal });
    },

    async input(id: JobRef, options: CallOptions = {}): Promise<Json> {
      requireKnown('input', options, ['signal']);
      const call = { method: 'GET', path: pathOf(id, 'input'), isRepeatable: true, signal: options.signal } as const;
      return (await transport.call(call)).body as Json;
    },

    /** The input byte for byte, for whoever passes it on. */
    async openInput(id: JobRef, options: CallOptions = {}): Promise<OpenResult> {
      return openedOf(await open(id, 'input', options));
    },

    async result(id: JobRef, options: CallOptions = {}): Promise<JobResult> {
      const response = await open(id, 'result', options);
      const contentType = response.headers.get('content-type') ?? NO_TYPE;
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { contentType, bytes, json: () => JSON.parse(new TextDecoder().decode(bytes)) as unknown };
    },

    /** For results too large to hold in memory. */
    async openResult(id: JobRef, options: CallOptions = {}): Promise<OpenResult> {
      return openedOf(await open(id, 'result', options));
    },
  };
}

function openedOf({ headers, body }: Response): OpenResult {
  const length = headers.get('content-length');
  return {
    contentType: headers.get('content-type') ?? NO_TYPE,
    bytesTotal: length === null ? null : Number(length),
    body: (body ?? new Blob([]).stream()) as ReadableStream<Uint8Array>,
  };
}
