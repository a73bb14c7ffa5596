"""One call of the API, its answer, and what an answer that is none means: the same for threads and asyncio."""

from __future__ import annotations

import email.utils
import random
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from . import _json
from .errors import BideError

if TYPE_CHECKING:
    from .models import Job

#: What fails sooner was not held: the server is away, and may be back in a moment. Seconds.
CUT_SECONDS = 2.0
#: Tries of a call that is safe to repeat, the first one included; with doubling pauses they span some three seconds.
TRIES = 5
#: Tries of a wait that has reached the server before: they ride out a restart of half a minute.
PATIENT_TRIES = 9
#: Seconds that the server has to answer, beyond the hold that was asked for.
ANSWER_SECONDS = 30.0
#: Longest pause between two tries: a server that asks for more leaves the decision to the caller.
PAUSE_SECONDS_MAX = 30.0
_BACKOFF_SECONDS = 0.2

FOREVER = float("inf")
NOTHING: Any = object()


@dataclass(frozen=True)
class Call:
    method: str
    #: Below the base URL, with a leading slash.
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Sent as JSON.
    json: Any = NOTHING
    #: Sent as it is, in place of ``json``.
    body: bytes | None = None
    #: Whether a second try does no harm.
    is_repeatable: bool = False
    #: Seconds that the server may hold the request.
    hold: float = 0.0
    #: Told instead of a further try when a hold was cut off after so many seconds: the same again would be cut again.
    on_cut: Callable[[float], None] | None = None
    #: No further try after this time of ``time.monotonic()``.
    until: float = FOREVER
    is_patient: bool = False

    def target(self, prefix: str) -> str:
        if not re.fullmatch(r"/[!-~]*", self.path):
            raise ValueError(f"A path begins with a slash and has no spaces: /v1/types, not {self.path!r}.")
        query = f"?{urlencode(self.query)}" if self.query else ""
        return f"{prefix}{self.path}{query}"

    def payload(self) -> bytes | None:
        if self.json is NOTHING:
            return self.body
        return _json.dumps(self.json, f"The body of {self.method} {self.path}")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    #: JSON value; None for an empty body.
    body: Any


def path_of(id: str, *below: str) -> str:
    """The path of a job, or of something below it. Ids come from outside: they are escaped, so that none reaches
    another route.
    """
    if not isinstance(id, str):
        raise TypeError(f"The id of a job is a str, not {type(id).__name__}: pass job['id'].")
    return "/".join(["/v1/jobs", *(quote(part, safe="") for part in (id, *below))])


def job_in(answer: Answer) -> Job:
    """The job of an answer: gateways put pages of their own, with status 200 and even as JSON, in its place."""
    if is_job(answer.body):
        job: Job = answer.body
        return job
    raise BideError(
        "BAD_ANSWER", "The server answered with something that is no job: is this Bide?", status=answer.status
    )


def is_job(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("id"), str)
        and {"state", "revision", "finishedAt"} <= value.keys()
    )


def is_finished(job: Mapping[str, Any]) -> bool:
    """Nothing more will happen to it (unless somebody retries it), or there is no such job."""
    return job["state"] == "unknown" or job["finishedAt"] is not None


def read_json(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    if body == b"":
        return Answer(status, headers, None)
    try:
        return Answer(status, headers, _json.loads(body))
    except ValueError as error:
        message = f"The server answered with something that is not JSON ({error}): is this Bide?"
        raise BideError("BAD_ANSWER", message, status=status) from error


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> BideError:
    """The error of an answer that is no success. Bodies that are no problem (a proxy's page) become BAD_ANSWER."""
    retry_after = retry_after_of(headers.get("retry-after"), time.time())
    try:
        problem = _json.loads(body)
        code = problem["code"]
        if not isinstance(code, str):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        where = f" and points to {headers['location']}" if "location" in headers else ""
        message = f"The server answered {status}{where} without saying why: is this the URL of a Bide server?"
        return BideError("BAD_ANSWER", message, status=status, retry_after=retry_after)
    sentences = [str(problem[name]) for name in ("title", "detail") if problem.get(name)]
    said = " ".join(sentences)
    issues = [f"{issue.get('path') or '(the whole)'} {issue.get('message')}." for issue in _issues_of(problem)]
    sentences += [issue for issue in issues if issue.rstrip(".") not in said]
    details = {name: value for name, value in problem.items() if name not in ("code", "title", "status", "type")}
    return BideError(code, " ".join(sentences) or code, status=status, details=details, retry_after=retry_after)


def _issues_of(problem: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    issues = problem.get("errors")
    return [issue for issue in issues if isinstance(issue, dict)] if isinstance(issues, list) else []


def retry_after_of(header: str | None, now: float) -> float | None:
    """Seconds: ``Retry-After`` comes as seconds or as an HTTP date. None where it is missing or unreadable."""
    if header is None:
        return None
    text = header.strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError):
        return None


def pause_before(error: BideError, tried: int) -> float:
    """Seconds: what the server asks for, else doubling from a fifth of a second, spread so that many clients do not
    come at once.
    """
    if error.retry_after is not None:
        return error.retry_after
    return min(5.0, _BACKOFF_SECONDS * 2.0 ** (tried - 1) * (1 + random.random()) * 0.5)


def ms_of(seconds: float) -> int:
    """Whole milliseconds, never less than was asked for."""
    return int(-(-finite(seconds) * 1000 // 1))


def finite(seconds: float) -> float:
    """Raises for what is no number of seconds."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"A time is a number of seconds, not {seconds!r}.")
    if not math.isfinite(seconds):
        raise ValueError(f"A time is a finite number of seconds, not {seconds!r}.")
    return seconds


def seconds_text(seconds: float) -> str:
    """How waits are said in URLs: seconds, with milliseconds after the point."""
    return f"{ms_of(seconds) / 1000:g}" if finite(seconds) < 1000 else str(int(seconds))
