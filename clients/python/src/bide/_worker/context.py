"""What a handler is given besides its input."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Literal

from .._call import ms_of
from .._options import Level
from ..errors import WorkError
from .outcome import Parked
from .said import Said

if TYPE_CHECKING:
    from .._async.client import AsyncClient
    from ..models import Job, UnknownJob, Work


class JobParked(BaseException):
    """Ends an attempt that waits for a signal: let it through. No ``except Exception`` catches it."""


class Context:
    """One attempt. Its methods may be called from any thread."""

    def __init__(self, job: Work, said: Said, client: AsyncClient, loop: asyncio.AbstractEventLoop) -> None:
        #: As it was claimed: ``id``, ``type``, ``input``, ``attempt``, ``tags``, …
        self.job = job
        #: Set when somebody cancelled the job, when it was lost, or when the worker stops and waits no longer;
        #: ``reason`` says which.
        self.cancelled = threading.Event()
        self.reason: Literal["cancel", "lost", "stop"] | None = None
        self._said = said
        self._client = client
        self._loop = loop
        self._thread = threading.get_ident()
        self._park: Parked | None = None

    @property
    def type(self) -> str:
        return self.job["type"]

    @property
    def attempt(self) -> int:
        """From 1 on."""
        return self.job["attempt"]

    @property
    def lost(self) -> bool:
        """The job was given to somebody else: what the handler still returns is dropped."""
        return self.reason == "lost"

    @property
    def traceparent(self) -> str | None:
        """Of the trace that this attempt belongs to, as W3C Trace Context says it."""
        text = self.job.get("traceparent")
        return text if isinstance(text, str) else None

    @property
    def tracestate(self) -> str | None:
        text = self.job.get("tracestate")
        return text if isinstance(text, str) else None

    def progress(self, fraction: float, message: str | None = None) -> None:
        """From 0.0 to 1.0. May be called often: what comes faster than it can be sent is left out."""
        if not 0.0 <= fraction <= 1.0:
            raise ValueError(f"progress takes a fraction from 0.0 to 1.0, not {fraction!r}.")
        self._said.progress(round(fraction * 100, 3), message)

    def log(self, line: str, level: Level = "info", **fields: Any) -> None:
        """Kept with the job. What JSON cannot carry of the fields is told by its ``repr``."""
        if level not in ("debug", "info", "warn", "error"):
            raise ValueError(f"level is debug, info, warn or error, not {level!r}.")
        self._said.line(level, str(line), {name: _plain(value) for name, value in fields.items()})

    def emit(self, chunk: Any) -> None:
        """A part of the result, a JSON value or a str, readable before the job ends."""
        self._said.emit(chunk)

    def wait_for_signal(self, name: str, timeout: float | None = None) -> Any:
        """What somebody sent the job under this name.

        Until it comes the job is given back, and handled again from the start: let what this raises through. Raises
        WorkError with SIGNAL_TIMEOUT when it did not come within ``timeout`` seconds (a week unless told).
        """
        if name in self.job.get("signalsMissed", ()):
            raise WorkError("SIGNAL_TIMEOUT", f"The signal {name} did not come in time.", retryable=False)
        signals = self.job.get("signals", {})
        if name in signals:
            return signals[name]
        if self._park is None:
            self._park = Parked(name, None if timeout is None else ms_of(timeout))
        raise JobParked(f"The job waits for the signal {self._park.signal}.")

    def parents(self) -> Any:
        """The jobs that this one comes after, with their results: a list, and in an async handler to be awaited.

        The key has to be one that may read.
        """
        asked = self._parents()
        if threading.get_ident() == self._thread:
            return asked
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result()

    async def _parents(self) -> list[Job | UnknownJob]:
        return await self._client.parents(self.job["id"])

    @property
    def park(self) -> Parked | None:
        """What it waits for: once it does the attempt is parked, however the handler ended."""
        return self._park


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else repr(value)
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return repr(value)
