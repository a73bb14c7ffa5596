"""The exit codes of every command: those of the command `bide` of the server. Scripts depend on them: they never
change meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._call import is_finished
from ..errors import BideError, JobFailed, WaitTimeout

SUCCEEDED = 0
#: The job failed, was cancelled or expired; or the server refused the command.
UNSUCCESSFUL = 1
#: The command line, the key or the request is not valid: the same call can never succeed.
USAGE = 2
NOT_FOUND = 3
#: The time ran out first; the job goes on.
TIMEOUT = 4
#: The server cannot be reached, or says that it cannot serve now.
UNREACHABLE = 5
#: ^C before the end, as shells say it: 128 and the number of SIGINT.
INTERRUPTED = 130

_USAGE_STATUSES = frozenset({400, 401, 403, 405, 413, 415, 422, 431})
_NOT_FOUND_STATUSES = frozenset({404, 410})


def of_error(error: BideError) -> int:
    if isinstance(error, WaitTimeout):
        return TIMEOUT
    # RESULT_NONE is a 404 of its own meaning: the job is there, and it ended without a result.
    if isinstance(error, JobFailed) or error.code == "RESULT_NONE":
        return UNSUCCESSFUL
    if error.code == "BAD_URL":
        return USAGE
    if error.code == "BAD_ANSWER":
        return UNREACHABLE
    # 429 is passing too, but the server is there and well: it is the caller who has too many jobs.
    if error.status == 429:
        return UNSUCCESSFUL
    if error.is_passing or error.status is None:
        return UNREACHABLE
    if error.status in _NOT_FOUND_STATUSES:
        return NOT_FOUND
    return USAGE if error.status in _USAGE_STATUSES else UNSUCCESSFUL


def of_jobs(jobs: Sequence[Any], is_any: bool) -> int:
    """Of a wait that has ended."""
    finished = [job for job in jobs if job["state"] != "unknown" and is_finished(job)]
    has_unknown = any(job["state"] == "unknown" for job in jobs)
    if has_unknown and (not is_any or not finished):
        return NOT_FOUND
    return SUCCEEDED if all(job["state"] == "succeeded" for job in finished) else UNSUCCESSFUL
