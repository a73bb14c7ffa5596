"""A remote worker: claims jobs of its types over HTTP and runs a handler for each.

Contact may be lost for as long as a lease lasts, also after the handler has ended: its report is sent again until
then. After that the job belongs to whoever claimed it since: ``context.cancelled`` is set with ``context.lost``, and
whatever the handler still returns is dropped (the server would refuse it, by the fence).
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ._async.client import AsyncClient
from ._call import ANSWER_SECONDS
from ._http.choice import Carrier
from ._worker.attempt import Surroundings
from ._worker.calls import WorkCalls
from ._worker.context import Context
from ._worker.loop import HandlerLoop
from ._worker.threads import HandlerThreads
from .errors import BideError

log = logging.getLogger("bide.worker")

#: Longest time to tell the server what is given back.
_GIVE_BACK_SECONDS = 5.0

Handle = Callable[[Any, Context], Any]
H = TypeVar("H", bound=Handle)


@dataclass(frozen=True)
class _Handler:
    types: tuple[str, ...]
    handle: Handle
    concurrency: int


class Worker:
    """``url`` and ``key`` are those of ``BIDE_URL`` and ``BIDE_KEY`` unless told; the key needs the scope ``work``.

    ``lease``: seconds that a job is held without a heartbeat; heartbeats go by themselves, three in that time.
    ``grace``: seconds that jobs have to end once the worker is told to stop; what has not ended then is given back,
    and counts as no attempt. ``name`` is shown with the jobs. ``on_trouble`` is told what the worker survives (a
    server that is away); the logger ``bide.worker`` unless told.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        name: str | None = None,
        lease: float = 30.0,
        grace: float = 30.0,
        on_trouble: Callable[[Exception], None] | None = None,
        transport: Carrier = "auto",
        timeout: float = ANSWER_SECONDS,
    ) -> None:
        if lease < 1.0:
            raise ValueError(f"A lease has at least 1 second, not {lease!r}: heartbeats take their time.")
        self._client_options: dict[str, Any] = {"url": url, "key": key, "transport": transport, "timeout": timeout}
        self._name = name or f"{socket.gethostname()}-{os.getpid()}"[:200]
        self._lease = lease
        self._grace = grace
        self._on_trouble = on_trouble or (lambda error: log.warning("%s", error))
        self._handlers: list[_Handler] = []
        self._stops: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def handler(self, *types: str, concurrency: int = 1) -> Callable[[H], H]:
        """Decorates the function that handles jobs of these types, ``concurrency`` at once: ``handle(input, context)``.

        A plain function runs in a thread of its own, an ``async def`` in the event loop, which it must not block:
        heartbeats go there too. What it returns is the result: JSON, ``bytes``, or ``Bytes(data, content_type)``.
        """
        if not types or not all(isinstance(name, str) and name for name in types):
            raise TypeError('handler takes the names of job types: @worker.handler("resize").')
        if concurrency < 1:
            raise ValueError(f"concurrency is at least 1, not {concurrency!r}.")

        def register(handle: H) -> H:
            taken = {name for known in self._handlers for name in known.types}
            if twice := taken.intersection(types):
                raise ValueError(f"There is a handler for {', '.join(sorted(twice))} already.")
            self._handlers.append(_Handler(types, handle, concurrency))
            return handle

        return register

    def run(self) -> None:
        """Works until SIGTERM, SIGINT or ``stop()``, then ends what runs; a second signal gives back at once what has
        not ended.

        Raises BideError when the server refuses the worker: its key, its types.
        """
        asyncio.run(self.run_async(handles_signals=threading.current_thread() is threading.main_thread()))

    def stop(self) -> None:
        """As a signal does, from any thread: once to end in peace, twice to end now."""
        with self._lock:
            stops = list(self._stops)
        for stop in stops:
            stop()

    async def run_async(self, *, handles_signals: bool = False) -> None:
        """As ``run``, in a loop of the caller's. When it is cancelled, jobs that have not ended are given back."""
        if not self._handlers:
            raise RuntimeError('The worker has no handlers: decorate a function with @worker.handler("type").')
        loop = asyncio.get_running_loop()
        stopping = _Stopping(loop)
        with self._lock:
            self._stops.append(stopping.stop_from_anywhere)
        undo = _take_signals(loop, stopping.stop) if handles_signals else lambda: None
        client = AsyncClient(**self._client_options)
        loops, threads = self._loops(client, loop)
        try:
            await self._work(loops, stopping)
        finally:
            undo()
            with self._lock:
                self._stops.remove(stopping.stop_from_anywhere)
            for one in threads:
                one.end()
            await client.aclose()

    def _loops(
        self, client: AsyncClient, loop: asyncio.AbstractEventLoop
    ) -> tuple[list[HandlerLoop], list[HandlerThreads]]:
        calls = WorkCalls(client._transport, self._name, self._lease)
        threads = [HandlerThreads(f"bide-{handler.types[0]}", loop) for handler in self._handlers]
        loops = [
            HandlerLoop(Surroundings(client, calls, one.handle, pool, self._tell), one.types, one.concurrency)
            for one, pool in zip(self._handlers, threads, strict=True)
        ]
        return loops, threads

    async def _work(self, loops: list[HandlerLoop], stopping: _Stopping) -> None:
        claims = [asyncio.create_task(loop.run()) for loop in loops]
        first = asyncio.create_task(stopping.first.wait())
        try:
            await asyncio.wait([*claims, first], return_when=asyncio.FIRST_COMPLETED)
            await _cancelled(claims)
            drained = asyncio.gather(*(loop.drained() for loop in loops))
            second = asyncio.create_task(stopping.second.wait())
            ends: list[asyncio.Future[Any]] = [drained, second]
            await asyncio.wait(ends, timeout=self._grace, return_when=asyncio.FIRST_COMPLETED)
            second.cancel()
        finally:
            first.cancel()
            for loop in loops:
                loop.give_up()
            await asyncio.shield(_gave_back(claims, loops))
        for claim in claims:
            if not claim.cancelled() and (error := claim.exception()) is not None:
                raise error

    def _tell(self, error: Exception) -> None:
        if isinstance(error, BideError) and error.code == "CLOSED":
            return
        try:
            self._on_trouble(error)
        except Exception:
            log.exception("on_trouble failed")


class _Stopping:
    """The first word to stop, and the second."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.first = asyncio.Event()
        self.second = asyncio.Event()

    def stop(self) -> None:
        (self.second if self.first.is_set() else self.first).set()

    def stop_from_anywhere(self) -> None:
        self._loop.call_soon_threadsafe(self.stop)


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def _gave_back(claims: list[asyncio.Task[None]], loops: list[HandlerLoop]) -> None:
    """Where the server is away the jobs come back by themselves, when their leases run out."""
    await _cancelled(claims)
    drained = [asyncio.create_task(loop.drained()) for loop in loops]
    await asyncio.wait(drained, timeout=_GIVE_BACK_SECONDS)
    for task in drained:
        task.cancel()


def _take_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> Callable[[], None]:
    """Undone by what it returns. Where a loop takes no signals (Windows) they end the process as always."""
    taken: list[signal.Signals] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop)
            taken.append(number)
        except (NotImplementedError, RuntimeError):
            pass

    def undo() -> None:
        for number in taken:
            loop.remove_signal_handler(number)

    return undo
