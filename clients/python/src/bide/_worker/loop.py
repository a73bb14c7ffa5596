"""Claims jobs for one handler, as many as it has free slots, and runs them.

While slots are free one claim is held open for as many jobs as there are free slots. A server that is away is asked
again every second; one that refuses the worker (its key, its types) ends it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .._call import CUT_SECONDS
from ..errors import BideError
from .attempt import Attempt, Surroundings

if TYPE_CHECKING:
    from ..models import Work

_CLAIM_HOLD_SECONDS = 30.0
#: Pause after a claim that failed: short enough that a restarted server has its workers back at once.
_TROUBLE_PAUSE_SECONDS = 1.0
#: Jobs of one claim: the server's default claimMax.
_CLAIM_MAX = 100


class HandlerLoop:
    def __init__(self, around: Surroundings, types: Sequence[str], concurrency: int) -> None:
        self._around = around
        self._types = types
        self._concurrency = concurrency
        self._hold = _CLAIM_HOLD_SECONDS
        self._running: dict[asyncio.Task[None], Attempt] = {}

    async def run(self) -> None:
        """Until it is cancelled. Raises the BideError of a server that refuses the worker."""
        while True:
            free = self._concurrency - len(self._running)
            if free == 0:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                continue
            for job in await self._claim(min(free, _CLAIM_MAX)):
                self._start(job)

    def _start(self, job: Work) -> None:
        attempt = Attempt(self._around, job)
        task = asyncio.get_running_loop().create_task(attempt.run())
        self._running[task] = attempt
        task.add_done_callback(lambda done: self._running.pop(done, None))

    async def _claim(self, most: int) -> list[Work]:
        started = time.monotonic()
        try:
            return await self._around.calls.claim(self._types, most, self._hold)
        except BideError as error:
            if not error.is_passing:
                raise
            self._around.on_trouble(error)
            # Cut on its way, most likely: a shorter hold gets through.
            if time.monotonic() - started >= CUT_SECONDS:
                self._hold = max(CUT_SECONDS / 2, self._hold / 2)
            await asyncio.sleep(_TROUBLE_PAUSE_SECONDS if error.retry_after is None else error.retry_after)
            return []

    async def drained(self) -> None:
        """All attempts have ended."""
        while self._running:
            await asyncio.wait(self._running)

    def give_up(self) -> None:
        for attempt in list(self._running.values()):
            attempt.give_up()
