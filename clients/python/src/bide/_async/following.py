"""Following a job: its changes by the server's stream of events, its log and output page by page as they come."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from .. import _json
from .._call import FOREVER, Call, is_finished, path_of, seconds_text
from .._http.message import Broken, Closed
from .._options import Level
from .._sse import EventParser, ServerEvent
from ..errors import BideError, WaitTimeout
from .waiting import AsyncWaiting

if TYPE_CHECKING:
    from .._http.choice import AsyncResponse
    from ..models import Chunk, Job, LogLine

#: A stream that says nothing for so long is taken for broken: four times the pause between two comments of a server.
_SILENCE_SECONDS = 60.0
#: Pause before a stream is opened again: where the server names none, at least, and at most.
_RETRY_SECONDS, _RETRY_SECONDS_MIN, _RETRY_SECONDS_MAX = 1.0, 0.1, 30.0
#: A stream that lived for so long was no failure, though it brought nothing.
_STEADY_SECONDS = 10.0
#: Well above the largest body that any limits of a server allow.
_EVENT_CHARACTERS_MAX = 16_000_000


class AsyncFollowing(AsyncWaiting):
    async def events(
        self, id: str, *, last_event_id: int | None = None, timeout: float | None = None
    ) -> AsyncIterator[Job]:
        """The job now, then after every change, the final one last; a slow reader misses some in between, never the
        last.

        ``last_event_id`` is the revision that the caller has: only newer ones come. A stream that ends before its job
        does is opened again behind the last change. Raises WaitTimeout after ``timeout`` seconds, and BideError as
        ``get`` does.
        """
        deadline = self._deadline_of(timeout)
        last: Any = {"id": id, "state": "unknown"}
        try:
            async for event in self._server_events(path_of(id, "events"), last_event_id, deadline):
                if event.name != "job":
                    continue  # events of other names are for later clients
                last = _json.loads(event.data)
                yield last
                if is_finished(last):
                    return
        except TimeoutError as error:
            raise WaitTimeout([last], timeout or 0.0) from error

    async def logs(
        self,
        id: str,
        *,
        follow: bool = False,
        after: int = 0,
        attempt: int | None = None,
        level: Level | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[LogLine]:
        """What the job has said, behind the offset ``after``; with ``follow`` also what it will say, until it is over.

        ``level``: only lines at this level or above. Raises WaitTimeout after ``timeout`` seconds.
        """
        async for body in self._pages(id, "logs", follow, after, {"attempt": attempt, "level": level}, timeout):
            for line in body["lines"]:
                yield line

    async def output(
        self, id: str, *, follow: bool = False, after: int = 0, attempt: int | None = None, timeout: float | None = None
    ) -> AsyncIterator[Chunk]:
        """What the job has emitted; with ``follow`` also what it will emit, until it is over.

        Where ``fence`` grows another run begins: drop what came before.
        """
        async for body in self._pages(id, "output", follow, after, {"attempt": attempt}, timeout):
            for chunk in body["chunks"]:
                yield chunk

    async def _pages(
        self, id: str, what: str, follow: bool, after: int, filter: dict[str, Any], timeout: float | None
    ) -> AsyncIterator[Any]:
        deadline = self._deadline_of(timeout)
        words = [(name, str(value)) for name, value in filter.items() if value is not None]
        is_patient = False
        while True:
            started = time.monotonic()

            async def ask(
                hold: float, on_cut: Callable[[float], None], after: int = after, is_patient: bool = is_patient
            ) -> Any:
                query = [*words, ("after", str(after)), *([("wait", seconds_text(hold))] if follow else [])]
                hold = hold if follow else 0.0
                call = Call(
                    "GET",
                    path_of(id, what),
                    query,
                    is_repeatable=True,
                    hold=hold,
                    on_cut=on_cut,
                    until=deadline,
                    is_patient=is_patient,
                )
                return (await self._transport.call(call)).body

            body = await self._holds.held(deadline, ask)
            yield body
            is_empty = body["next"] == after
            if body["done"] or (is_empty and not follow):
                return
            after = body["next"]
            is_patient = True
            if time.monotonic() >= deadline:
                raise WaitTimeout([{"id": id, "state": "unknown"}], timeout or 0.0)
            if is_empty:
                await self._holds.keep_pace(started, deadline)

    async def _server_events(self, path: str, revision: int | None, deadline: float) -> AsyncIterator[ServerEvent]:
        """Ends only where the server says that nothing more is to come. Raises TimeoutError at the deadline."""
        last_id = "" if revision is None else str(revision)
        retry = _RETRY_SECONDS
        failures = 0
        is_patient = False
        while True:
            opened = time.monotonic()
            response = await self._open_stream(path, last_id, deadline, is_patient)
            if response is None:
                return
            parser = EventParser(_EVENT_CHARACTERS_MAX)
            is_fruitful = False
            async for event in self._read_stream(response, parser, deadline):
                is_fruitful = is_patient = True
                last_id = event.id or last_id
                yield event
            last_id = parser.last_id or last_id
            retry = retry if parser.retry is None else parser.retry
            is_failure = not is_fruitful and time.monotonic() - opened < _STEADY_SECONDS
            failures = failures + 1 if is_failure else 0
            pause = min(max(retry, _RETRY_SECONDS_MIN) * 2.0**failures, _RETRY_SECONDS_MAX)
            await self._transport.pause(min(pause, max(0.0, deadline - time.monotonic())))
            if time.monotonic() >= deadline:
                raise TimeoutError

    async def _open_stream(self, path: str, last_id: str, deadline: float, is_patient: bool) -> AsyncResponse | None:
        """None where there is nothing more to come."""
        headers = {"accept": "text/event-stream", **({"last-event-id": last_id} if last_id else {})}
        call = Call("GET", path, headers=headers, is_repeatable=True, until=deadline, is_patient=is_patient)
        response = await self._transport.open(call)
        if response.status != 204 and response.headers.get("content-type", "").startswith("text/event-stream"):
            return response
        await response.aclose()
        if response.status == 204:
            return None
        message = "The server answered with something that is no stream of events: is this Bide?"
        raise BideError("BAD_ANSWER", message, status=response.status)

    async def _read_stream(
        self, response: AsyncResponse, parser: EventParser, deadline: float
    ) -> AsyncIterator[ServerEvent]:
        """An end, a cut and a long silence are one to the reader."""
        try:
            async for data in response.chunks(deadline, _SILENCE_SECONDS):
                for event in parser.read(data):
                    yield event
        except Closed as error:
            raise BideError("CLOSED", "The client was closed. Make a new one for further calls.") from error
        except ValueError as error:
            raise BideError(
                "BAD_ANSWER", f"The server sent an event that cannot be read: {error}", status=200
            ) from error
        except (Broken, TimeoutError):
            if time.monotonic() >= deadline != FOREVER:
                raise TimeoutError from None
        finally:
            await response.aclose()
