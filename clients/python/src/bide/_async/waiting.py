"""Waiting for one job, and for many at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from .._call import FOREVER, Call, finite, is_finished, is_job, job_in, path_of, seconds_text
from ..errors import BideError, WaitTimeout
from .holding import AsyncHolds
from .transport import AsyncTransport

if TYPE_CHECKING:
    from ..models import Job, UnknownJob

#: Ids in one request: the server's default idsPerCallMax.
_IDS_PER_CALL = 1_000
#: Seconds of a hold for one part of many ids, where the first job of any part is waited for.
_TURN_SECONDS = 2.0


class AsyncWaiting:
    _transport: AsyncTransport
    _holds: AsyncHolds
    _timeout: float

    async def wait(self, id: str, timeout: float | None = None) -> Job:
        """The job once it is final, however it ended. Raises WaitTimeout after ``timeout`` seconds; None waits as
        long as it takes.
        """
        return await self._wait_until(id, self._deadline_of(timeout), FOREVER if timeout is None else timeout)

    async def wait_many(
        self, ids: Iterable[str], timeout: float | None = None, *, mode: Literal["all", "any"] = "all"
    ) -> list[Job | UnknownJob]:
        """The jobs in the order of their ids, once all of them are final, or with ``mode="any"`` one of them.

        One that the server does not know has the state ``unknown``: nothing is waited for it. Raises WaitTimeout
        after ``timeout`` seconds.
        """
        if mode not in ("all", "any"):
            raise ValueError(f'mode is "all" or "any", not {mode!r}.')
        if isinstance(ids, str):
            raise TypeError("wait_many takes a list of ids; wait takes one.")
        wanted = list(ids)
        deadline = self._deadline_of(timeout)
        latest: dict[str, Job | UnknownJob] = {}
        unique = list(dict.fromkeys(wanted))
        parts = [unique[at : at + _IDS_PER_CALL] for at in range(0, len(unique), _IDS_PER_CALL)]
        while not _is_enough(parts, latest, mode):
            await self._round(parts, latest, mode, deadline)
            if not _is_enough(parts, latest, mode) and time.monotonic() >= deadline:
                raise WaitTimeout([latest[id] for id in wanted], FOREVER if timeout is None else timeout)
        return [latest[id] for id in wanted]

    def _deadline_of(self, timeout: float | None) -> float:
        return FOREVER if timeout is None or timeout == FOREVER else time.monotonic() + finite(timeout)

    async def _wait_until(self, id: str, deadline: float, timeout: float) -> Job:
        is_patient = False
        while True:
            started = time.monotonic()

            async def ask(hold: float, on_cut: Callable[[float], None], is_patient: bool = is_patient) -> Any:
                query = [("wait", seconds_text(hold))]
                call = Call(
                    "GET",
                    path_of(id),
                    query,
                    is_repeatable=True,
                    hold=hold,
                    on_cut=on_cut,
                    until=deadline,
                    is_patient=is_patient,
                )
                return job_in(await self._transport.call(call))

            job: Job = await self._holds.held(deadline, ask)
            if is_finished(job):
                return job
            if time.monotonic() >= deadline:
                raise WaitTimeout([job], timeout)
            is_patient = True
            await self._holds.keep_pace(started, deadline)

    async def _round(self, parts: Sequence[list[str]], latest: dict[str, Any], mode: str, deadline: float) -> None:
        """One look at each part that is open. All of them are held one after another, which takes no longer in all."""
        is_first = not latest
        for part in parts:
            open_ids = [id for id in part if id not in latest or not is_finished(latest[id])]
            if not open_ids:
                continue
            # The first job of several parts: seen at once on the first round, then in turns.
            turn = FOREVER if mode == "all" or len(parts) == 1 else 0.0 if is_first else _TURN_SECONDS
            started = time.monotonic()
            end = min(deadline, started + turn)
            for job in await self._hold_many(open_ids, mode, end, deadline, is_patient=not is_first):
                latest[job["id"]] = job
            if mode == "any" and _is_enough(parts, latest, mode):
                return
            if turn == FOREVER and not all(is_finished(latest[id]) for id in open_ids):
                await self._holds.keep_pace(started, deadline)

    async def _hold_many(self, ids: list[str], mode: str, end: float, until: float, is_patient: bool) -> list[Any]:
        async def ask(hold: float, on_cut: Callable[[float], None]) -> Any:
            json = {"ids": ids, "for": mode, "timeout": float(seconds_text(hold))}
            call = Call(
                "POST",
                "/v1/jobs/wait",
                json=json,
                is_repeatable=True,
                hold=hold,
                on_cut=on_cut,
                until=until,
                is_patient=is_patient,
            )
            answer = await self._transport.call(call)
            jobs = answer.body.get("jobs") if isinstance(answer.body, dict) else None
            if not isinstance(jobs, list) or len(jobs) != len(ids) or not all(_is_seen(job) for job in jobs):
                message = "The server answered with something that is no list of jobs: is this Bide?"
                raise BideError("BAD_ANSWER", message, status=answer.status)
            return jobs

        return list(await self._holds.held(end, ask))


def _is_seen(job: Any) -> bool:
    return is_job(job) or (isinstance(job, dict) and job.get("state") == "unknown" and isinstance(job.get("id"), str))


def _is_enough(parts: Sequence[list[str]], latest: dict[str, Any], mode: str) -> bool:
    """Whether nothing is left to wait for. An unknown id never counts as the one that finished."""
    if mode == "any" and any(job["state"] != "unknown" and is_finished(job) for job in latest.values()):
        return True
    return all(id in latest and is_finished(latest[id]) for part in parts for id in part)
