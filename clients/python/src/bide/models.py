"""What the API sends and takes, as it travels: made from `/openapi.json` by `npm run gen`.

Times are texts in ISO 8601, in UTC. What a newer server adds is there at run time as well.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict, Union


class Progress(TypedDict):
    percent: float
    message: str | None


class ScheduleTick(TypedDict):
    """The tick that submitted it."""

    name: str
    #: Of the schedule.
    tick: str


class WaitingFor1(TypedDict):
    #: Sent by POST /v1/jobs/{id}/signals/{name}.
    signal: str
    #: Goes on without it then.
    until: str


class WaitingFor2(TypedDict):
    #: The jobs that it comes after.
    parents: Literal[True]


class WaitingFor3(TypedDict):
    #: Key of the sequence in which jobs are before it.
    sequence: str


class WaitingFor4(TypedDict):
    #: Its own type.
    type: str
    #: Somebody paused it; or so many of it run or have started as its limit lets.
    reason: Literal["paused", "full"]


class WaitingFor5(TypedDict):
    #: Key of its limit.
    limit: str
    #: So many run or have started; or somebody closed the key.
    reason: Literal["full", "closed"]
    until: str | None


WaitingFor = Union[WaitingFor1, WaitingFor2, WaitingFor3, WaitingFor4, WaitingFor5]


class JobLimitRate(TypedDict):
    count: int
    perMs: int


class JobLimit(TypedDict):
    """As the job says it, or its type. GET /v1/limits/{key} says what holds for the key."""

    key: str
    concurrency: int | None
    rate: JobLimitRate | None


class _JobUniqueAlways(TypedDict):
    key: str
    #: What its submit asked for.
    mode: Literal["reject", "existing", "replace", "debounce", "rerun"]


class JobUnique(_JobUniqueAlways, total=False):
    """The key that it holds, or held, as the only one of its type."""

    forMs: int
    maxMs: int


class JobError(TypedDict):
    code: str
    message: str
    details: Any


class JobLinks(TypedDict):
    self: str
    result: str
    events: str
    cancel: str


class _JobAlways(TypedDict):
    id: str
    type: str
    #: succeeded, failed, cancelled and expired are final.
    state: Literal["scheduled", "queued", "retrying", "running", "succeeded", "failed", "cancelled", "expired"]
    progress: Progress
    #: Attempts begun.
    attempt: int
    attemptsMax: int
    priority: int
    tags: dict[str, str]
    #: Grows with every change; the ETag is made of it.
    revision: int
    #: Submitted.
    createdAt: str
    #: Not run before.
    runAt: str
    startedAt: str | None
    finishedAt: str | None
    deadlineAt: str | None
    retainUntil: str | None
    cancelRequestedAt: str | None
    error: JobError | None
    #: Inline when it is JSON and small; always at links.result.
    result: Any
    links: JobLinks


class Job(_JobAlways, total=False):
    #: Counts the jobs of all tenants; for admins, with include=number.
    number: int
    #: The job that this one is a copy of.
    resubmitOf: str
    schedule: ScheduleTick
    #: The group that it is in.
    group: str
    waitingFor: WaitingFor
    #: Where it stands in the trace of its submit (W3C Trace Context); docs/operations/tracing.md.
    traceparent: str
    #: Jobs with the same key run one after another.
    sequenceKey: str
    #: As the job says it, or its type. GET /v1/limits/{key} says what holds for the key.
    limit: JobLimit
    #: The key that it holds, or held, as the only one of its type.
    unique: JobUnique
    #: The jobs that it comes after.
    after: list[str]
    #: How those have to end.
    afterPolicy: Literal["succeeded", "final"]


class ProblemErrorsItem(TypedDict):
    path: str
    message: str


class _ProblemAlways(TypedDict):
    type: str
    title: str
    status: int
    detail: str
    #: Stable; docs/reference/errors.md lists them.
    code: str


class Problem(_ProblemAlways, total=False):
    """RFC 9457. Further fields are the facts of the code."""

    instance: str
    errors: list[ProblemErrorsItem]


class JobToken(TypedDict):
    #: Sent as a key is. It ends with the key that made it, too.
    token: str
    #: It may be used before this.
    expiresAt: str


class UnknownJob(TypedDict):
    id: str
    state: Literal["unknown"]


class BulkItem1(TypedDict):
    status: int
    job: Job


class BulkItem2(TypedDict):
    status: int
    error: Problem


BulkItem = Union[BulkItem1, BulkItem2]


class AttemptError(TypedDict):
    code: str
    message: str


class Attempt(TypedDict):
    #: From 1 on; a retry by hand begins anew.
    number: int
    #: Grows with every attempt; also says whose output a chunk is.
    fence: int
    worker: str | None
    #: When it began.
    startedAt: str
    endedAt: str | None
    #: How it ended.
    outcome: Literal["running", "succeeded", "failed", "cancelled", "expired"]
    error: AttemptError | None


class LogLine(TypedDict):
    #: Grows from line to line.
    offset: int
    #: Who said it; 0 for the line that stands for those left out.
    attempt: int
    #: When it was said.
    at: str
    #: From little to much.
    level: Literal["debug", "info", "warn", "error"]
    line: str
    fields: dict[str, Any] | None


class Chunk(TypedDict):
    #: Grows from chunk to chunk, also from run to run.
    offset: int
    #: Who emitted it.
    attempt: int
    #: Of the run that emitted it. Where it grows, output begins anew: drop what came before.
    fence: int
    #: When it was emitted.
    at: str
    #: A JSON value, as it was emitted.
    chunk: Any


class _WorkAlways(TypedDict):
    id: str
    type: str
    input: Any
    attempt: int
    attemptsMax: int
    #: From the claim; an old one is refused with FENCE_OLD.
    fence: int
    timeoutMs: int | None
    deadlineAt: str | None
    leaseUntil: str | None
    tags: dict[str, str]


class Work(_WorkAlways, total=False):
    schedule: ScheduleTick
    #: Of the trace that the job belongs to (W3C Trace Context): send it with what you call.
    traceparent: str
    tracestate: str
    #: What the job was sent, by name.
    signals: dict[str, Any]
    #: Signals that it waited for in vain: go on without.
    signalsMissed: list[str]


class Heartbeat(TypedDict):
    cancelRequested: bool
    #: Send the next one before.
    leaseUntil: str


class Retry(TypedDict, total=False):
    """When and how often a failed attempt is tried again. Fields that are left out are those of the type."""

    #: How often it is tried in all, the first time included.
    attempts: int
    #: Wait after the first failed attempt.
    backoffMs: int
    #: Growth of the wait.
    factor: float
    #: Longest wait.
    maxMs: int


class _UniqueAlways(TypedDict):
    #: Of the tenant and type. The newest job with it holds it until it is final.
    key: str
    #: Where another job holds the key: reject is 409, existing answers with it, replace gives it the new input while it waits, debounce also moves its time, rerun makes one more job after one that has begun.
    mode: Literal["reject", "existing", "replace", "debounce", "rerun"]


class Unique(_UniqueAlways, total=False):
    """What becomes of the submit while another job of the type holds the same key."""

    #: Holds the key so long, also when the job is final. With debounce: the quiet time.
    forMs: int
    #: With debounce: runs no later than this after the first submit.
    maxMs: int


class LimitRate(TypedDict):
    """How many may start in a stretch of time, over all nodes."""

    #: Starts at most.
    count: int
    #: In any such stretch of time.
    perMs: int


class _LimitAlways(TypedDict):
    #: Jobs of the tenant with the same key share its limit. Without bounds the key's own hold.
    key: str


class Limit(_LimitAlways, total=False):
    """How many jobs with this key run at once, and how many start in a stretch of time."""

    concurrency: int | None
    rate: LimitRate | None


class _CallbackAlways(TypedDict):
    #: An absolute http or https URL.
    url: str


class Callback(_CallbackAlways, total=False):
    """An address that is told how this job goes."""

    #: Any of job.waiting, job.running, job.progressed, job.succeeded, job.failed, job.cancelled, job.expired; job.succeeded, job.failed, job.cancelled, job.expired where left out.
    events: list[str]
    #: The webhook whose secret signs; the secret of `GET /v1/webhooks/secret` where left out.
    secretId: str
