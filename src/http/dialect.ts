/**
 * What a dialect is: one HTTP face of the engine, as a Fastify plugin in a folder of the same few files.
 *
 * The plugin is registered in an encapsulated context of its own, at `/<name>`, on a port of its own or under a host name; it
 * brings its parsers, schemas, error handler and 404 handler, and nothing of it leaks into another. It speaks to the engine
 * through the context given here and to nothing else. The code outside of a dialect's folder never names a vendor.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorKind } from '../core/errors.ts';
import type { Job } from '../core/job.ts';
import type { Scope } from '../core/scopes.ts';
import type { ShownState } from '../core/state.ts';
import type { CallerSignal, CheckAttempt, Documents, Engine, RenderDelivery, StoredKey } from '../engine/api.ts';
import type { Logger } from './log.ts';
import type { NumberCipher } from './number-cipher.ts';
import type { Seal } from './seal.ts';

export type { NumberCipher } from './number-cipher.ts';

/** Who is calling: a key, or a token that stands for one. */
export interface Principal {
  readonly tenant: string;
  readonly keyId: string;
  /** For people. */
  readonly keyName: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Of a token of a job: which one, and until when. Whoever has it may read this one, and nothing else. */
  readonly job?: { readonly id: string; readonly endsAt: number };
}

export interface Authenticator {
  /**
   * The principal of an API key, or null when it is unknown or revoked. Constant-time, answered from memory when it can be. Rejects with
   * JOB_TOKEN_ELSEWHERE for the token of a job, which is for `byJobToken`.
   */
  byKey(key: string): Promise<Principal | null> | Principal | null;
  /** The principal of a token made by `issueToken`, or null when it is forged, expired, or its key was revoked since. */
  byToken(token: string): Promise<Principal | null> | Principal | null;
  /** The principal of a token made by `issueJobToken`; null when it is forged, over, or its key is. */
  byJobToken(token: string): Promise<Principal | null> | Principal | null;
  /** A token with which its bearer may read this one job, until then or until its key ends; every node that shares the store accepts it. */
  issueJobToken(wanted: {
    readonly keyId: string;
    readonly jobId: string;
    readonly endsAt: number;
  }): Promise<{ readonly token: string; readonly endsAt: number }>;
  /** A JWT for this principal, signed by this service; every node that shares the store accepts it. */
  issueToken(principal: Principal, lifeMs: number): Promise<{ readonly token: string; readonly expiresAt: number }>;
  /** The word that changes by a session of this principal carry (`session.ts`). */
  csrfOf(principal: Principal): Promise<string>;
  /**
   * A word that may stand in a URL in place of the key: whoever has it may follow this one job, for as long as the key is in force. For
   * vendors whose clients follow a job by its URL alone.
   */
  passFor(principal: Pick<Principal, 'keyId'>, jobId: string): Promise<string>;
  /** What a pass lets its bearer do; null when it is forged, or its key is no longer in force. */
  byPass(pass: string): Promise<{ readonly principal: Principal; readonly jobId: string } | null>;
  /** Job numbers as a caller may see them: sealed for one tenant. */
  readonly numbers: Seal;
  /** Places in the order of changes, the same way: cheap enough for each change that somebody is told. */
  readonly places: Seal;
  /** Job numbers as ids for callers whose ids must be numbers. Read from the store once. */
  jobIds(): Promise<NumberCipher>;
}

/** What a new key is to be. */
export interface KeyDraft {
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Without end unless told. */
  readonly expiresAt?: number | null | undefined;
}

/** Making, listing and revoking keys; only the native API offers it, to admins. */
export interface KeyAdmin {
  /** The key itself, which is shown nowhere else, and what the store keeps of it. INVALID_REQUEST where the draft is no good. */
  create(draft: KeyDraft): Promise<{ readonly key: string; readonly stored: StoredKey }>;
  /** Of one tenant, or of all with null; revoked ones included. */
  list(tenant: string | null): Promise<readonly StoredKey[]>;
  /** False where there is no such key, or it was revoked before. */
  revoke(id: string): Promise<boolean>;
}

/** Serves requests of callers that wait, and counts those that ask again instead. A held request frees itself when the client disconnects, ends when the server shuts down. */
export interface Hold {
  /**
   * Runs `wait` with a signal that fires when the client goes away. Null where the server holds as many requests as it may
   * (`limits.holdsMax`, for one tenant `limits.holdsPerTenantMax`, for the tokens of one job `limits.holdsPerJobTokenMax`): answer at once with what is known, or refuse as busy. The signal
   * fires too when the caller's key is no longer in force; what is not answered by then is refused with UNAUTHENTICATED.
   */
  hold<T>(principal: Principal, reply: FastifyReply, wait: (signal: CallerSignal) => Promise<T>): Promise<T> | null;
  /** Counts a look at a job that does not wait, while the job is unfinished. Throws POLLED_TOO_OFTEN past `limits.pollsPerSecondMax`. */
  look(principal: Pick<Principal, 'tenant' | 'keyId' | 'job'>, job: Pick<Job, 'state'>): void;
}

export interface DialectContext<Options> {
  readonly engine: Engine;
  readonly auth: Authenticator;
  readonly holds: Hold;
  readonly documents: Documents;
  readonly options: Options;
  /** A folder of this dialect's own on this machine, for files under way such as uploads. It makes it when it needs it. */
  readonly folder: string;
  /** For what happens in no request: errors of requests are logged where they are answered. */
  readonly logger: Pick<Logger, 'warn'>;
  /** Base URL of this dialect as the caller sees it, without a trailing slash: the configured public URL, else from a valid Host header. */
  publicUrl(request: FastifyRequest): string;
}

/** How each shown state is said, and which of the vendor's words Bide never says. */
export interface Vocabulary {
  /** Every status word that the vendor has. Each is either the word of some state or listed as unsupported. */
  readonly words: readonly string[];
  readonly states: Readonly<Record<ShownState, string>>;
  /** Of a job that has begun and waits for a signal; that of `running` unless told. */
  readonly parked?: string;
  /** Vendor word -> why it is never sent. */
  readonly unsupported: Readonly<Record<string, string>>;
}

/** How a vendor says that something went wrong. The body is sent as JSON. */
export interface ErrorAnswer {
  readonly status: number;
  readonly body: unknown;
  /** What the vendor sends beside the body, such as CORS headers. Retry-After is added where the kind calls for it. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** How paths and queries are read. Each dialect is mounted with a router of its own, so these bind nobody else. */
export interface RouterOptions {
  /** `//a///b` is `/a/b`. */
  readonly ignoreDuplicateSlashes?: boolean;
  /** `/a/` is `/a`. */
  readonly ignoreTrailingSlash?: boolean;
  /** True unless told. */
  readonly caseSensitive?: boolean;
  /** Reads what stands behind the question mark. */
  readonly querystringParser?: (text: string) => Record<string, unknown>;
}

/** One line of `docs/dialects/index.md`. */
export interface ServedEndpoint {
  readonly method: string;
  readonly path: string;
  readonly purpose: string;
}

export interface Dialect<Options = unknown> {
  /** Folder name, mount path and config key. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly vocabulary: Vocabulary;
  readonly serves: readonly ServedEndpoint[];
  /** What the vendor has and Bide does not serve, with the reason. */
  readonly omits: readonly { readonly what: string; readonly why: string }[];
  /**
   * HTTP status and body of each kind of error, as this vendor would say it. Total, so that no error is ever said in another's shape.
   * @param url what was asked for, where that is known: for faces that speak differently below one path than below another.
   */
  errorBody(kind: ErrorKind, message: string, url?: string): ErrorAnswer;
  /** Reads `dialects.<name>.options` of the config; the message says what to fix. */
  parseOptions(
    raw: unknown,
  ): { readonly kind: 'options'; readonly options: Options } | { readonly kind: 'invalid'; readonly message: string };
  /** How a client of the vendor looks at a job, for a shell: `{url}` stands for the base URL, `$BIDE_KEY` for a key, `$JOB` for an id. */
  readonly setup: string;
  /** What the base URL that a client of the vendor is given has behind the dialect's own, such as `/v1`; nothing unless told. */
  readonly clientPath?: string;
  /** Options under which the playground's job types serve the vendor's starting endpoints. */
  readonly playground: Options;
  register(app: FastifyInstance, context: DialectContext<Options>): void | Promise<void>;
  /** Paths that a standard has at the root of a server, below `/.well-known/`: they lead to the dialect where it is mounted at a prefix too. */
  readonly wellKnown?: readonly string[];
  readonly router?: RouterOptions;
  /** Where the vendor announces state changes to a URL. */
  readonly renderDelivery?: RenderDelivery;
  /** Where jobs rely on what the dialect keeps outside of the store. Asked in the process that runs the job. */
  readonly checkAttempt?: CheckAttempt;
}
