/**
 * W3C Trace Context: where in a caller's trace a job stands, as the headers `traceparent` and `tracestate` say it.
 *
 * Read as the Recommendation says: a `traceparent` that is not in order is as none, and a `tracestate` that is not in order is left out without
 * harm to the other. What is kept is in order by version 00 and at most 567 characters long, so it may stand in a header, an environment variable or an archive.
 */

export interface TraceContext {
  /** A `traceparent` of version 00. */
  readonly parent: string;
  /** A `tracestate`, where there is any. */
  readonly state?: string;
}

/** Version, trace, parent, flags; later versions may have more behind a dash. */
const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s;
/** Sampled, and whether the trace id is random: of the other bits nobody may say anything on. */
const KNOWN_FLAGS = 0x03;
const MEMBERS_MAX = 32;
/** What everybody has to pass on. Past it, members of more than 128 characters go first, then the last ones. */
const STATE_LENGTH_MAX = 512;
const MEMBER_LENGTH_SMALL = 128;
const MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
/** Longer ones are not read: a line of headers has at most twice as much. */
const HEADER_LENGTH_MAX = 8_192;

/** Null where there is none that is in order. Several headers of one name come joined by commas, as Node joins them. */
export function traceContextOf(parent: unknown, state?: unknown): TraceContext | null {
  const known = parentOf(parent);
  if (known === null) return null;
  const kept = stateOf(state);
  return kept === null ? { parent: known } : { parent: known, state: kept };
}

/** Whether a value read from elsewhere is one that `traceContextOf` could have made. */
export function isTraceContext(value: unknown): value is TraceContext {
  if (typeof value !== 'object' || value === null) return false;
  const { parent, state, ...rest } = value as Record<string, unknown>;
  const read = traceContextOf(parent, state);
  return read !== null && read.parent === parent && read.state === state && Object.keys(rest).length === 0;
}

/** 32 hex digits. */
export function traceIdOf({ parent }: TraceContext): string {
  return parent.slice(3, 35);
}

export function isSampled({ parent }: TraceContext): boolean {
  return (Number.parseInt(parent.slice(53), 16) & 1) === 1;
}

/** As headers, for whoever is called next. */
export function traceHeaders(trace: TraceContext | null): Readonly<Record<string, string>> {
  if (trace === null) return NO_HEADERS;
  return { traceparent: trace.parent, ...(trace.state === undefined ? {} : { tracestate: trace.state }) };
}

const NO_HEADERS = Object.freeze({});

function parentOf(text: unknown): string | null {
  if (typeof text !== 'string' || text.length > HEADER_LENGTH_MAX) return null;
  const [, version, trace = '', span = '', flags = '', more] = PARENT.exec(text) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (/^0+$/.test(trace) || /^0+$/.test(span)) return null;
  const known = Number.parseInt(flags, 16) & KNOWN_FLAGS;
  return `00-${trace}-${span}-0${known}`;
}

function stateOf(text: unknown): string | null {
  if (typeof text !== 'string' || text.length > HEADER_LENGTH_MAX) return null;
  const members = text
    .split(',')
    .map((member) => member.replace(/^[ \t]+/, '').trimEnd())
    .filter((member) => member !== '');
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf('='))));
  if (members.length === 0 || members.length > MEMBERS_MAX || keys.size < members.length) return null;
  if (!members.every((member) => MEMBER.test(member))) return null;
  return bounded(members).join(',') || null;
}

function bounded(members: readonly string[]): readonly string[] {
  const lengthOf = (some: readonly string[]) => some.reduce((sum, { length }) => sum + length + 1, -1);
  if (lengthOf(members) <= STATE_LENGTH_MAX) return members;
  const kept = [...members];
  for (let at = kept.length - 1; at >= 0 && lengthOf(kept) > STATE_LENGTH_MAX; at -= 1)
    if ((kept[at]?.length ?? 0) > MEMBER_LENGTH_SMALL) kept.splice(at, 1);
  while (lengthOf(kept) > STATE_LENGTH_MAX) kept.pop();
  return kept;
}
