"""One job in the hands of a worker: its handler, its heartbeat, and how it ended."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .._async.client import AsyncClient
from .._call import CUT_SECONDS
from ..errors import BideError
from .calls import WorkCalls
from .context import Context, JobParked
from .outcome import GIVEN_BACK, Failed, Outcome, outcome_of_error, outcome_of_result
from .said import Said
from .settle import LOST_STATUSES, OnTrouble, settle
from .threads import HandlerThreads

if TYPE_CHECKING:
    from ..models import Work

#: Most jobs are over sooner than that: they need no heartbeat. Seconds.
_FIRST_BEAT_SECONDS = 0.1


@dataclass(frozen=True)
class Surroundings:
    """What all attempts of a handler share."""

    client: AsyncClient
    calls: WorkCalls
    handle: Callable[[Any, Context], Any]
    threads: HandlerThreads
    on_trouble: OnTrouble


class Attempt:
    def __init__(self, around: Surroundings, job: Work) -> None:
        self._around = around
        self._job = job
        self._loop = asyncio.get_running_loop()
        self._lease_until = time.monotonic() + around.calls.lease
        self._said = Said(around.calls, job, self._loop, around.on_trouble)
        self.context = Context(job, self._said, around.client, self._loop)
        self._handling: asyncio.Future[Any] | None = None
        self._stopped = self._loop.create_future()

    async def run(self) -> None:
        """Raises nothing."""
        heart = self._loop.create_task(self._beat())
        try:
            outcome = await self._outcome()
            await self._said.flush()  # the lease is kept meanwhile
        finally:
            heart.cancel()
        await asyncio.wait([heart])
        if self.context.reason == "lost":
            return
        outcome = self._said.refusal or self.context.park or outcome
        await settle(self._around.calls, self._job, outcome, self._lease_until, self._around.on_trouble)

    def stop(self, reason: Literal["cancel", "lost", "stop"]) -> None:
        """Tells the handler, once: an async one is cancelled, a function in a thread sees ``context.cancelled``."""
        if reason == "lost":
            self._said.is_over = True
        if self.context.reason is None or reason == "lost":
            self.context.reason = reason
        if self.context.cancelled.is_set():
            return
        self.context.cancelled.set()
        if isinstance(self._handling, asyncio.Task):
            self._handling.cancel()

    def give_up(self) -> None:
        """The worker ends: a handler that has not stopped is not waited for any more, and its job is given back."""
        self.stop("stop")
        if not self._stopped.done():
            self._stopped.set_result(None)

    async def _outcome(self) -> Outcome:
        """Of the handler, or that it is not waited for."""
        handle = self._around.handle
        is_async = inspect.iscoroutinefunction(handle) or inspect.isasyncgenfunction(handle)
        self._handling = (
            self._loop.create_task(self._call()) if is_async else self._around.threads.run(self._call_plain)
        )
        await asyncio.wait([self._handling, self._stopped], return_when=asyncio.FIRST_COMPLETED)
        if not self._handling.done():
            self._handling.add_done_callback(_seen)
            return GIVEN_BACK
        try:
            return self._outcome_of(self._handling)
        except Exception as error:  # what it gave or raised has a shape of its own
            why = f"How the handler ended cannot be read: {type(error).__name__}"
            return Failed("HANDLER_FAILED", why, True)

    def _outcome_of(self, handled: asyncio.Future[Any]) -> Outcome:
        if handled.cancelled():
            return self._cancelled()
        error = handled.exception()
        if error is None:
            result = handled.result()
            return result if isinstance(result, Failed) else outcome_of_result(result)
        if isinstance(error, JobParked):
            return self.context.park or GIVEN_BACK
        return outcome_of_error(error)

    async def _call(self) -> Any:
        try:
            return await self._call_async()
        except SystemExit as error:  # of a task it would end the worker, and all that it runs
            return outcome_of_error(error)

    async def _call_async(self) -> Any:
        called = self._around.handle(self._job["input"], self.context)
        if not inspect.isasyncgen(called):
            return await called
        async for chunk in called:  # what it yields is emitted
            self.context.emit(chunk)
        return None

    def _call_plain(self) -> Any:
        called = self._around.handle(self._job["input"], self.context)
        if not inspect.isgenerator(called):
            return called
        while not self.context.cancelled.is_set():
            try:
                self.context.emit(next(called))
            except StopIteration as end:
                return end.value
        called.close()
        raise RuntimeError("The attempt was stopped.")

    def _cancelled(self) -> Outcome:
        if self.context.reason == "stop":
            return GIVEN_BACK
        return Failed("HANDLER_FAILED", "CancelledError: the handler was stopped", True)

    async def _beat(self) -> None:
        """Renews the lease until the attempt has ended; stops the handler on cancel and loss."""
        calls = self._around.calls
        # A third: two heartbeats may be lost on the way before the lease is.
        turn = calls.lease / 3
        hold = turn
        await asyncio.sleep(min(_FIRST_BEAT_SECONDS, turn))
        while self.context.reason != "lost":
            started = time.monotonic()
            try:
                # Once the cancel is known the server would answer at once, so the hold makes way for a plain pause.
                beat = await calls.heartbeat(self._job, hold=0.0 if self.context.cancelled.is_set() else hold)
                self._lease_until = time.monotonic() + calls.lease
                if beat["cancelRequested"]:
                    self.stop("cancel")
            except BideError as error:
                self._around.on_trouble(error)
                # Cut on its way, most likely: a shorter hold gets through.
                if time.monotonic() - started >= CUT_SECONDS:
                    hold = hold / 2 if hold > CUT_SECONDS else 0.0
                if error.status in LOST_STATUSES or time.monotonic() >= self._lease_until:
                    self.stop("lost")
                    return
            await asyncio.sleep(max(0.0, started + turn - time.monotonic()))


def _seen(handling: asyncio.Future[Any]) -> None:
    """Nobody looks at it any more: it must not be complained about."""
    if not handling.cancelled():
        handling.exception()
