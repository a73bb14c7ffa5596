"""Every error of the package: what the server refused, how a job ended, what a handler may raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .models import Job, UnknownJob

#: Answers that say "not now": the same request may do later.
_PASSING_STATUSES = frozenset({429, 502, 503, 504})
_UNANSWERED_CODES = frozenset({"UNREACHABLE", "TIMED_OUT"})


class BideError(Exception):
    """What the server refused, or why it could not be asked.

    ``code`` is the stable code of the server's answer (docs/reference/errors.md), or one of the client's own:
    ``UNREACHABLE`` (no connection, or it broke), ``TIMED_OUT`` (no answer in time), ``BAD_ANSWER`` (something
    answered that is not Bide), ``BAD_URL``, ``CLOSED`` (``close()`` was called).
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        #: HTTP status; None where there was no answer.
        self.status = status
        #: The other fields of the answer: ``errors``, ``limit``, ``types``, ``requestId``.
        self.details: dict[str, Any] = dict(details or {})
        #: Seconds that the server asked to stay away; None where it did not say.
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    @property
    def is_unreachable(self) -> bool:
        """Nobody answered: the server is down, the address is wrong, or the network is."""
        return self.code in _UNANSWERED_CODES

    @property
    def is_passing(self) -> bool:
        """The same request may do later."""
        return self.is_unreachable or self.status in _PASSING_STATUSES


class JobFailed(BideError):
    """The job that ``run`` waited for failed, expired or was cancelled. ``code`` and ``message`` are its error's."""

    def __init__(self, job: Job) -> None:
        error = job["error"]
        code = error["code"] if error is not None else job["state"].upper()
        reason = error["message"] if error is not None else "It has no result."
        details = error["details"] if error is not None and isinstance(error["details"], dict) else {}
        super().__init__(
            code, f"The job {job['id']} ({job['type']}) has {_ENDS[job['state']]}: {reason}", details=details
        )
        self.job = job


_ENDS = {"failed": "failed", "expired": "expired", "cancelled": "been cancelled"}


class WaitTimeout(BideError, TimeoutError):
    """The time of a wait is over. The job goes on: the same wait may be made again."""

    def __init__(self, jobs: Sequence[Job | UnknownJob], seconds: float) -> None:
        what = f"The job {jobs[0]['id']} is" if len(jobs) == 1 else f"{len(jobs)} jobs are"
        super().__init__("WAIT_TIMEOUT", f"{what} not done within {seconds:g} s. Jobs go on; wait again for them.")
        #: As they were last seen, in the order of their ids.
        self.jobs = list(jobs)

    @property
    def job(self) -> Job | UnknownJob:
        """The first of them: the only one, unless many were waited for."""
        return self.jobs[0]


class WorkError(Exception):
    """Raised by a handler: a failure with a code of its own.

    ``retryable=False`` fails the job for good: no further attempt can fix it.
    """

    def __init__(self, code: str, message: str, *, retryable: bool = True, details: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.details = details


class RetryLater(Exception):
    """Raised by a handler when now is not the time: the attempt is given back, and counts as none.

    The job's limit key starts nothing for so many ``seconds``; a job without a key waits alone.
    """

    def __init__(self, seconds: float, message: str | None = None) -> None:
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"RetryLater takes a number of seconds from 0 on, not {seconds!r}.")
        super().__init__(message or f"Not for another {seconds:g} s.")
        self.seconds = seconds
