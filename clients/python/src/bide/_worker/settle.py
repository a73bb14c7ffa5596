"""Reports how an attempt ended, as long as its lease lasts: a finished result outlives a server that restarts.

- Nobody answers, or the server says "not now": tried again until the lease is over. Then the job belongs to whoever
  claims it next.
- The server refuses the result itself (too large, not the JSON that it says): that is how the job failed, and is
  reported as such.
- The job was lost, finished otherwise or removed: nothing that this worker says about it counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import BideError
from .calls import WorkCalls
from .outcome import Failed, Later, Outcome, Parked, Succeeded

if TYPE_CHECKING:
    from ..models import Work

LOST_STATUSES = frozenset({404, 409, 410})
_REFUSED_STATUSES = frozenset({400, 413, 415, 422})
_PAUSE_SECONDS = 1.0

OnTrouble = Callable[[Exception], None]


async def settle(calls: WorkCalls, job: Work, outcome: Outcome, lease_until: float, on_trouble: OnTrouble) -> None:
    """Raises nothing; what went wrong is told to ``on_trouble``."""
    refusal = await _reported(calls, job, outcome, lease_until, on_trouble)
    if refusal is None:
        return
    on_trouble(refusal)
    again = await _reported(calls, job, _instead(outcome, refusal), lease_until, on_trouble)
    if again is not None:
        on_trouble(again)


def _instead(outcome: Outcome, refusal: BideError) -> Outcome:
    if isinstance(outcome, Succeeded):
        # A proxy that refuses a large body has no code of ours.
        code = "RESULT_TOO_LARGE" if refusal.status == 413 else refusal.code
        return Failed(code, f"The server does not take the result: {refusal.message}"[:4_000], False)
    if isinstance(outcome, Parked):
        return Failed("HANDLER_FAILED", f"The server does not take the wait: {refusal.message}"[:4_000], False)
    if isinstance(outcome, Later):
        return Failed("HANDLER_FAILED", f"The server does not take RetryLater: {refusal.message}"[:4_000], True)
    return Failed("HANDLER_FAILED", outcome.message, outcome.retryable)


async def _reported(
    calls: WorkCalls, job: Work, outcome: Outcome, lease_until: float, on_trouble: OnTrouble
) -> BideError | None:
    """The refusal, where the server will not have the report as it is; None where it is settled or no longer worth a
    word.
    """
    while True:
        try:
            await calls.settle(job, outcome)
            return None
        except BideError as error:
            if error.status in _REFUSED_STATUSES:
                return error
            on_trouble(error)
            pause = _PAUSE_SECONDS if error.retry_after is None else error.retry_after
            if not error.is_passing or time.monotonic() + pause >= lease_until:
                return None
        except ValueError as error:  # a content type that no header can carry
            return BideError("RESULT_NOT_JSON", f"{error}", status=400)
        await calls.pause(pause)
