"""One call: key, deadline, retries, and errors that mean something.

Retried are only calls that may be made twice, only when nobody answered or the answer says "not now" (429, 502, 503,
504), at most ``tries`` times. The server's Retry-After rules the pause; past half a minute the error is raised
instead, since callers who are told "in an hour" have to decide themselves.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .._call import CUT_SECONDS, PATIENT_TRIES, PAUSE_SECONDS_MAX, Answer, Call, error_of, pause_before, read_json
from .._http.message import Broken, Closed, Origin, Request
from .._version import __version__
from ..errors import BideError

if TYPE_CHECKING:
    from .._http.choice import AsyncConnections, AsyncResponse


class AsyncTransport:
    def __init__(
        self, origin: Origin, key: str | None, connections: AsyncConnections, timeout: float, tries: int
    ) -> None:
        self._origin = origin
        self._connections = connections
        self._timeout = timeout
        self._tries = tries
        self._headers = {"accept": "application/json", "user-agent": f"bide-python/{__version__}"}
        if key:
            if any(mark in key for mark in "\r\n\0 "):
                raise ValueError("The key has a space or a line break in it: was a whole file read?")
            self._headers["authorization"] = f"Bearer {key}"

    async def call(self, call: Call) -> Answer:
        """Raises BideError unless the answer is 2xx or 304."""
        response, body = await self._repeat(call, reads=True)
        return read_json(response.status, response.headers, body)

    async def open(self, call: Call) -> AsyncResponse:
        """Like ``call``, with the body left unread."""
        response, _ = await self._repeat(call, reads=False)
        return response

    async def pause(self, seconds: float) -> None:
        try:
            await self._connections.pause(max(0.0, seconds))
        except Closed as error:
            raise self._closed() from error

    async def aclose(self) -> None:
        await self._connections.aclose()

    async def _repeat(self, call: Call, reads: bool) -> tuple[AsyncResponse, bytes]:
        tries = (PATIENT_TRIES if call.is_patient else self._tries) if call.is_repeatable else 1
        tried = 0
        while True:
            tried += 1
            started = time.monotonic()
            try:
                return await self._attempt(call, reads)
            except BideError as error:
                held = time.monotonic() - started
                is_cut = error.is_passing and call.on_cut is not None and held >= CUT_SECONDS
                if is_cut and call.on_cut is not None:
                    call.on_cut(held)
                pause = pause_before(error, tried)
                is_last = tried >= tries or pause > PAUSE_SECONDS_MAX or time.monotonic() + pause > call.until
                if not error.is_passing or is_cut or is_last:
                    raise
            await self.pause(pause)

    async def _attempt(self, call: Call, reads: bool) -> tuple[AsyncResponse, bytes]:
        """One try, all of it under one deadline."""
        deadline = time.monotonic() + call.hold + self._timeout
        request = self._request_of(call)
        try:
            response = await self._send(request, deadline, call.is_repeatable)
            is_success = 200 <= response.status < 300 or response.status == 304
            body = await response.read() if reads or not is_success else b""
        except Closed as error:
            raise self._closed() from error
        except TimeoutError as error:
            raise BideError("TIMED_OUT", f"{self._origin.url} did not answer in time ({self._timeout:g} s).") from error
        except Broken as error:
            message = f"{self._origin.url} cannot be reached: {error}. Is the server running there?"
            raise BideError("UNREACHABLE", message) from error
        if is_success:
            return response, body
        raise error_of(response.status, response.headers, body)

    async def _send(self, request: Request, deadline: float, is_repeatable: bool) -> AsyncResponse:
        try:
            return await self._connections.send(request, deadline)
        except Broken as error:
            if not (error.is_stale and is_repeatable):
                raise
        # The server had closed a kept connection just then: that is no try.
        return await self._connections.send(request, deadline)

    def _request_of(self, call: Call) -> Request:
        headers = {**self._headers, **call.headers}
        body = call.payload()
        if body is not None and "content-type" not in headers:
            headers["content-type"] = "application/json"
        for name, value in headers.items():
            if not value.isascii() or not value.isprintable():
                raise ValueError(f"The header {name} cannot carry {value!r}: it takes printable ASCII.")
        return Request(call.method, call.target(self._origin.prefix), headers, body)

    def _closed(self) -> BideError:
        return BideError("CLOSED", "The client was closed. Make a new one for further calls.")
