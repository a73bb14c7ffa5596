"""The calls of a worker: claim, heartbeat, and the three ways to end an attempt. All carry the fence of the claim."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .._async.transport import AsyncTransport
from .._call import Call, ms_of
from .outcome import Failed, Outcome, Succeeded

if TYPE_CHECKING:
    from ..models import Heartbeat, Work


class WorkCalls:
    def __init__(self, transport: AsyncTransport, name: str, lease: float) -> None:
        self._transport = transport
        self._name = name
        self.lease = lease

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def claim(self, types: Sequence[str], most: int, hold: float) -> list[Work]:
        """Not tried twice: jobs of a lost answer come back by themselves when their lease runs out."""
        body = {"types": list(types), "worker": self._name, "max": most, "leaseMs": ms_of(self.lease), "wait": hold}
        answer = await self._transport.call(Call("POST", "/v1/work/claim", json=body, hold=hold))
        jobs: list[Work] = answer.body["jobs"]
        return jobs

    async def heartbeat(self, job: Work, hold: float | None = None, **said: Any) -> Heartbeat:
        """``said``: progress, log, output. With ``hold`` it comes back at once when a cancel is requested or the job
        is lost.
        """
        body: dict[str, Any] = {"fence": job["fence"], "leaseMs": ms_of(self.lease), **said}
        if hold is not None:
            body["wait"] = ms_of(hold) / 1000
        call = Call("POST", _path(job, "heartbeat"), json=body, is_repeatable=True, hold=hold or 0.0)
        beat: Heartbeat = (await self._transport.call(call)).body
        return beat

    async def settle(self, job: Work, outcome: Outcome) -> None:
        """May be tried twice: the fence lets only one through."""
        if isinstance(outcome, Succeeded):
            # As the body itself: a result such as {"bytes": …, "contentType": …} means something else inside of the
            # envelope.
            query = [("fence", str(job["fence"]))]
            headers = {"content-type": outcome.result.content_type}
            body = outcome.result.data
            call = Call("POST", _path(job, "succeed"), query, headers, body=body, is_repeatable=True)
        else:
            what = "fail" if isinstance(outcome, Failed) else "release"
            call = Call("POST", _path(job, what), json=outcome.body(job["fence"]), is_repeatable=True)
        await self._transport.call(call)


def _path(job: Work, what: str) -> str:
    return f"/v1/work/{quote(job['id'], safe='')}/{what}"
