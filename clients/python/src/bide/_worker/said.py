"""What a handler says and emits, on its way to the server: with heartbeats, one at a time, all of it before the
outcome.

What a server that is away has not taken is sent again; of log lines, more than 10,000 are left out, and that is said.
Output that it refuses fails the attempt. Of progress only the newest is sent, four times a second at the most.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .. import _json
from .._options import time_text
from ..errors import BideError
from .calls import WorkCalls
from .outcome import Failed
from .settle import OnTrouble

if TYPE_CHECKING:
    from ..models import Work

#: Lines and chunks of one heartbeat, and bytes of each: within what any server takes, and one of them whatever its
#: size.
_COUNT_MAX = 100
_BYTES_MAX = 200_000
#: Lines that wait for a server that is away.
_WAITING_MAX = 10_000
_PROGRESS_GAP_SECONDS = 0.25
_PAUSE_SECONDS = 1.0


class Said:
    """Filled from the thread of the handler, emptied in the event loop."""

    def __init__(self, calls: WorkCalls, job: Work, loop: asyncio.AbstractEventLoop, on_trouble: OnTrouble) -> None:
        self._calls = calls
        self._job = job
        self._loop = loop
        self._on_trouble = on_trouble
        self._lines: deque[tuple[dict[str, Any], int]] = deque()
        self._left_out = 0
        self._chunks: deque[tuple[Any, int]] = deque()
        self._progress: dict[str, Any] | None = None
        self._progress_sent = 0.0
        self._sending: asyncio.Task[None] | None = None
        #: Set where the server has refused output: how the attempt ends then.
        self.refusal: Failed | None = None
        #: Set where the job is no longer this worker's.
        self.is_over = False

    def progress(self, percent: float, message: str | None) -> None:
        self._progress = {"percent": percent, **({} if message is None else {"message": message})}
        self._wake()

    def line(self, level: str, text: str, fields: dict[str, Any]) -> None:
        if len(self._lines) >= _WAITING_MAX:
            self._left_out += 1
            return
        at = time_text(datetime.now(timezone.utc))
        line: dict[str, Any] = {"at": at, "level": level, "line": text, **({"fields": fields} if fields else {})}
        self._lines.append((line, len(_json.dumps(line, "A line of the log"))))
        self._wake()

    def emit(self, chunk: Any) -> None:
        if self.refusal is not None:
            raise RuntimeError(f"The server has refused what was emitted before: {self.refusal.message}")
        self._chunks.append((chunk, len(_json.dumps(chunk, "What the handler emitted"))))
        self._wake()

    async def flush(self) -> None:
        """All that was said is with the server, or will never be."""
        while self._sending is not None:
            await asyncio.wait([self._sending])

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._start)
        except RuntimeError:
            pass  # the loop has ended: the worker did not wait for this handler

    def _start(self) -> None:
        if self._sending is None and not self.is_over:
            self._sending = self._loop.create_task(self._send())

    async def _send(self) -> None:
        try:
            while not self.is_over and (said := self._next()):
                try:
                    await self._calls.heartbeat(self._job, **said)
                    self._drop(said)
                except BideError as error:
                    await self._refused(error, said)
        finally:
            self._sending = None

    def _next(self) -> dict[str, Any]:
        """What the next heartbeat carries; left where it is until that has been answered."""
        if self._left_out > 0 and len(self._lines) < _COUNT_MAX:
            text = f"… {self._left_out} lines are left out here: the server was away for too long."
            self._lines.append(({"level": "warn", "line": text}, len(text)))
            self._left_out = 0
        said: dict[str, Any] = {}
        if self._lines:
            said["log"] = _first(self._lines)
        if self._chunks:
            said["output"] = _first(self._chunks)
        is_due = bool(said) or time.monotonic() - self._progress_sent >= _PROGRESS_GAP_SECONDS
        if self._progress is not None and is_due:
            said["progress"] = self._progress
            self._progress_sent = time.monotonic()
        elif self._progress is not None:
            rest = self._progress_sent + _PROGRESS_GAP_SECONDS - time.monotonic()
            self._loop.call_later(max(0.0, rest), self._start)
        return said

    def _drop(self, said: dict[str, Any]) -> None:
        for _ in said.get("log", ()):
            self._lines.popleft()
        for _ in said.get("output", ()):
            self._chunks.popleft()
        if said.get("progress") is self._progress:
            self._progress = None

    async def _refused(self, error: BideError, said: dict[str, Any]) -> None:
        self._on_trouble(error)
        if error.is_passing:
            await self._calls.pause(_PAUSE_SECONDS)
            return
        if "output" in said:
            message = f"The server does not take the output: {error.message}"[:4_000]
            self.refusal = Failed(error.code, message, False)
        self._drop(said)


def _first(waiting: deque[tuple[Any, int]]) -> list[Any]:
    """As many as one heartbeat takes."""
    taken: list[Any] = []
    room = _BYTES_MAX
    for one, size in itertools.islice(waiting, _COUNT_MAX):
        if taken and size > room:
            break
        taken.append(one)
        room -= size
    return taken
