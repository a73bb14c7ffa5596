"""What the caller of a submit or a list may say, in the words of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from ._call import ms_of

if TYPE_CHECKING:
    from .models import Callback, Limit, Retry, Unique

State = Literal["scheduled", "queued", "retrying", "running", "succeeded", "failed", "cancelled", "expired"]
Level = Literal["debug", "info", "warn", "error"]
Sort = Literal["newest", "oldest", "newestFinished", "oldestFinished"]


class SubmitOptions(TypedDict, total=False):
    """What a submit may say besides its type and input. Times are seconds."""

    tags: Mapping[str, str]
    #: -100 to 100; higher runs first.
    priority: int
    #: Not before so many seconds from now; at most one of ``delay`` and ``run_at``.
    delay: float
    #: Not before this time; one without a zone is local time.
    run_at: datetime
    #: Longest time of one attempt.
    attempt_timeout: float
    #: Longest time of the whole job.
    deadline: float
    retry: Retry
    #: How long the finished job is kept.
    retain: float
    #: Jobs with the same key run one after another.
    sequence_key: str
    #: What the submit becomes where another job of the type has the same key.
    unique: Unique
    #: Ids of jobs that have to end before this one may run.
    after: Sequence[str]
    after_policy: Literal["succeeded", "final"]
    #: Jobs with the same key share its limit.
    limit: Limit
    #: Where changes of the job are announced.
    callback: Callback


_WORDS = {
    "tags": "tags",
    "priority": "priority",
    "retry": "retry",
    "sequence_key": "sequenceKey",
    "unique": "unique",
    "after": "after",
    "after_policy": "afterPolicy",
    "limit": "limit",
    "callback": "callback",
}
_SECONDS = {"delay": "delayMs", "attempt_timeout": "timeoutMs", "deadline": "deadlineMs", "retain": "retainMs"}


def submit_body(type: str, input: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a submit. Raises TypeError for an option that there is not."""
    body: dict[str, Any] = {"type": type, "input": input}
    for name, value in options.items():
        if value is None:
            continue
        if name in _WORDS:
            body[_WORDS[name]] = value
        elif name in _SECONDS:
            body[_SECONDS[name]] = ms_of(value)
        elif name == "run_at":
            body["runAt"] = time_text(value)
        else:
            known = ", ".join(sorted(SubmitOptions.__annotations__))
            raise TypeError(f"A submit takes no {name!r}. It takes {known}.")
    return body


def trace_headers(traceparent: str | None, tracestate: str | None) -> dict[str, str]:
    named = {"traceparent": traceparent, "tracestate": tracestate}
    return {name: value for name, value in named.items() if value is not None}


class ListFilter(TypedDict, total=False):
    """Which jobs a list shows."""

    states: Sequence[State]
    types: Sequence[str]
    #: Every one of them must match.
    tags: Mapping[str, str]
    created_from: datetime
    created_before: datetime
    finished_from: datetime
    finished_before: datetime
    #: Failed, expired or cancelled with this error.
    error_code: str
    #: In the id, a tag (as ``name:value``) or the message of the error, in whatever case.
    text: str
    sort: Sort
    #: Jobs fetched per request, not jobs in all.
    page_size: int


_REPEATED = {"states": "state", "types": "type"}
_TIMES = {
    "created_from": "createdFrom",
    "created_before": "createdBefore",
    "finished_from": "finishedFrom",
    "finished_before": "finishedBefore",
}
_PLAIN = {"error_code": "errorCode", "text": "text", "sort": "sort", "page_size": "limit"}


def list_query(options: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The filter in the words of the API. Raises TypeError for one that there is not."""
    query: list[tuple[str, str]] = []
    for name, value in options.items():
        if value is None:
            continue
        if name in _REPEATED:
            if isinstance(value, str):
                raise TypeError(f"{name} takes a list: {name}=[{value!r}].")
            query += [(_REPEATED[name], one) for one in value]
        elif name == "tags":
            query += [("tag", f"{_tag_name(tag)}:{text}") for tag, text in value.items()]
        elif name in _TIMES:
            query.append((_TIMES[name], time_text(value)))
        elif name in _PLAIN:
            query.append((_PLAIN[name], str(value)))
        else:
            raise TypeError(f"list takes no {name!r}. It takes {', '.join(sorted(ListFilter.__annotations__))}.")
    return query


def _tag_name(name: str) -> str:
    return name.replace("\\", "\\\\").replace(":", "\\:")


def time_text(at: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond. A time without a zone is local time."""
    if not isinstance(at, datetime):
        raise TypeError(f"A point in time is a datetime, not {at!r}.")
    return at.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
