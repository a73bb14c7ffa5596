"""Threads for handlers that are plain functions. They do not keep the process alive: one that never ends is left
behind at its end.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any


class HandlerThreads:
    """As many threads as jobs at once, started as they are needed."""

    def __init__(self, name: str, loop: asyncio.AbstractEventLoop) -> None:
        self._name = name
        self._loop = loop
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._idle = 0
        self._count = 0

    def run(self, call: Callable[[], Any]) -> asyncio.Future[Any]:
        """Its result, also an error that it raised. Called in the event loop."""
        future: asyncio.Future[Any] = self._loop.create_future()

        def work() -> None:
            try:
                result, error = call(), None
            except BaseException as raised:
                result, error = None, raised
            try:
                self._loop.call_soon_threadsafe(self._tell, future, result, error)
            except RuntimeError:
                pass  # the loop has ended: nobody waits any more

        if self._idle == 0:
            self._count += 1
            threading.Thread(target=self._serve, name=f"{self._name}-{self._count}", daemon=True).start()
        else:
            self._idle -= 1
        self._calls.put(work)
        return future

    def _tell(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        self._idle += 1
        if future.done():
            return
        if isinstance(error, StopIteration):  # no future takes one
            error = RuntimeError("The handler raised StopIteration.")
        future.set_result(result) if error is None else future.set_exception(error)

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            call()

    def end(self) -> None:
        for _ in range(self._count):
            self._calls.put(None)
