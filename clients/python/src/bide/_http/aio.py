"""Requests from asyncio, over streams of the standard library: connections are kept, deadlines hold for all of an
answer.

- A cancelled task ends its request at once: the connection is aborted, so the server sees it, too.
- A deadline is a timer that aborts the connection: no task is made for it.
- A client may be used in one event loop after another (``asyncio.run`` twice): connections of a former loop are let go.
- Proxies in the environment (``HTTPS_PROXY``) are not used; httpx2 does use them.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator

from .message import (
    CONNECT_SECONDS_MAX,
    IDLE_MAX,
    READ_BYTES,
    WRITE_BYTES,
    Broken,
    Closed,
    Origin,
    Request,
    broken_in_body,
    idle_seconds_of,
)
from .pauses import Pauses

#: Of the head of an answer.
_HEAD_BYTES_MAX = 65_536
#: Status, headers, and the body where it had to be read with them.
_Head = tuple[int, dict[str, str], bytes | None]
#: What means that the connection broke, or that something else than HTTP came.
_FAILURES = (OSError, EOFError, ValueError, asyncio.LimitOverrunError)


class _Connection:
    """An open connection, and until when it may be kept idle."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.loop = asyncio.get_running_loop()
        self.idle_until = 0.0
        self.is_used = False
        self.is_late = False
        #: The server answered before all of a body was sent: nothing more can be asked on it.
        self.is_cut = False
        self._timer: asyncio.TimerHandle | None = None

    def is_fresh(self) -> bool:
        """Of this loop, and not closed by the server meanwhile."""
        is_ours = self.loop is asyncio.get_running_loop()
        return (
            is_ours and time.monotonic() < self.idle_until and not self.reader.at_eof() and not self.writer.is_closing()
        )

    def arm(self, deadline: float) -> None:
        """Aborts it at that time of ``time.monotonic()``, in place of a time that was set before."""
        self.disarm()
        if deadline != float("inf"):
            self._timer = self.loop.call_later(max(0.0, deadline - time.monotonic()), self._end)

    def disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        self.is_late = True
        self.writer.transport.abort()

    def abort(self) -> None:
        self.disarm()
        if not self.loop.is_closed():
            self.writer.transport.abort()


class AsyncResponse:
    """One answer; its connection goes back to the others when all of it is read."""

    def __init__(self, pool: AsyncConnections, connection: _Connection, head: _Head) -> None:
        self._pool = pool
        self._connection = connection
        self.status, self.headers, self._early = head
        self._is_over = False

    async def read(self) -> bytes:
        if self._early is not None:
            self.close()
            return self._early
        length = self.headers.get("content-length")
        if length is not None and "transfer-encoding" not in self.headers and self._has_body():
            return await self._read_length(int(length))
        return b"".join([chunk async for chunk in self.chunks(float("inf"), float("inf"))])

    async def _read_length(self, length: int) -> bytes:
        """The usual case in one step. The timer of the request still runs."""
        try:
            body = await self._connection.reader.readexactly(length) if length else b""
            self._end()
            return body
        except _FAILURES as error:
            raise self._pool.reason_of(error, self._connection) from error
        finally:
            self.close()

    async def chunks(self, deadline: float, silence: float) -> AsyncIterator[bytes]:
        if self._early is not None:
            self.close()
            yield self._early
            return
        is_timed = silence != float("inf")  # else by the deadline of the request
        try:
            if is_timed:
                self._connection.arm(min(deadline, time.monotonic() + silence))
            if self._has_body():
                async for chunk in self._body():
                    yield chunk
                    if is_timed:
                        self._connection.arm(min(deadline, time.monotonic() + silence))
            self._end()
        except _FAILURES as error:
            raise self._pool.reason_of(error, self._connection) from error
        finally:
            self.close()

    def _has_body(self) -> bool:
        return self.status not in (204, 304)

    async def _body(self) -> AsyncIterator[bytes]:
        reader = self._connection.reader
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                async for chunk in _exactly(reader, size):
                    yield chunk
                await reader.readexactly(2)
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
        elif "content-length" in self.headers:
            async for chunk in _exactly(reader, int(self.headers["content-length"])):
                yield chunk
        else:
            while chunk := await reader.read(READ_BYTES):
                yield chunk

    def _end(self) -> None:
        if self._connection.is_late or self._pool.is_closed:
            raise EOFError
        self._is_over = True
        has_end = "content-length" in self.headers or "transfer-encoding" in self.headers or not self._has_body()
        is_last = self._connection.is_cut or self.headers.get("connection", "").lower() == "close"
        will_close = is_last or not has_end
        self._pool.give_back(self._connection, 0.0 if will_close else idle_seconds_of(self.headers))

    def close(self) -> None:
        """Cuts what is not read: the server sees the connection close."""
        if not self._is_over:
            self._is_over = True
            self._pool.drop(self._connection)

    async def aclose(self) -> None:
        self.close()


async def _exactly(reader: asyncio.StreamReader, size: int) -> AsyncIterator[bytes]:
    while size > 0:
        chunk = await reader.read(min(size, READ_BYTES))
        if not chunk:
            raise EOFError("the connection broke in the middle of an answer")
        size -= len(chunk)
        yield chunk


class AsyncConnections:
    """The connections to one server."""

    def __init__(self, origin: Origin, ssl_context: ssl.SSLContext | None = None) -> None:
        self._origin = origin
        self._context = (ssl_context or ssl.create_default_context()) if origin.is_tls else None
        self._idle: list[_Connection] = []
        self._live: set[_Connection] = set()
        self._pauses = Pauses()

    @property
    def is_closed(self) -> bool:
        return self._pauses.is_closed

    async def send(self, request: Request, deadline: float) -> AsyncResponse:
        """The head of the answer. Raises Broken, TimeoutError or Closed."""
        connection = await self._take(deadline)
        was_used = connection.is_used
        try:
            connection.is_used = True
            connection.arm(deadline)
            return AsyncResponse(self, connection, await self._exchange(connection, self._bytes_of(request)))
        except _FAILURES as error:
            self.drop(connection)
            raise self.reason_of(error, connection, was_used) from error
        except BaseException:
            self.drop(connection)
            raise

    async def _exchange(self, connection: _Connection, data: bytes) -> _Head:
        if len(data) <= WRITE_BYTES:
            connection.writer.write(data)
            await connection.writer.drain()
            return *await _head(connection.reader), None
        # The server may refuse a large body before all of it has come.
        reading = asyncio.ensure_future(_early(connection.reader))
        writing = asyncio.ensure_future(_write(connection.writer, data))
        try:
            await asyncio.wait([reading, writing], return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait([reading])
            connection.is_cut = not writing.done() or writing.exception() is not None
            return reading.result()
        except ConnectionError as error:
            raise ConnectionError(broken_in_body(error, len(data))) from error
        finally:
            reading.cancel()
            writing.cancel()
            await asyncio.gather(reading, writing, return_exceptions=True)

    def _bytes_of(self, request: Request) -> bytes:
        lines = [f"{request.method} {request.target} HTTP/1.1", f"host: {self._origin.authority}"]
        for name, value in request.headers.items():
            if any(mark in name + value for mark in "\r\n\0"):
                raise ValueError(f"The header {name!r} has a line break in it.")
            lines.append(f"{name}: {value}")
        if request.body is not None or request.method in ("POST", "PUT", "PATCH"):
            lines.append(f"content-length: {len(request.body or b'')}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + (request.body or b"")

    def reason_of(self, error: Exception, connection: _Connection, was_used: bool = False) -> Exception:
        """What a failure is to the caller."""
        if self.is_closed:
            return Closed()
        if connection.is_late:
            return TimeoutError()
        # An end before the first byte, on a connection that was kept.
        is_early = isinstance(error, ConnectionError) or (
            isinstance(error, asyncio.IncompleteReadError) and not error.partial
        )
        return Broken(_words_of(error), is_stale=was_used and is_early)

    async def _take(self, deadline: float) -> _Connection:
        if self.is_closed:
            raise Closed
        while self._idle:
            connection = self._idle.pop()
            if connection.is_fresh():
                return connection
            self.drop(connection)
        return await self._connect(deadline)

    async def _connect(self, deadline: float) -> _Connection:
        seconds = min(CONNECT_SECONDS_MAX, deadline - time.monotonic())
        if seconds <= 0:
            raise TimeoutError
        opening = asyncio.open_connection(
            self._origin.host, self._origin.port, ssl=self._context, limit=_HEAD_BYTES_MAX
        )
        try:
            connection = _Connection(*await asyncio.wait_for(opening, seconds))
        except (asyncio.TimeoutError, TimeoutError):
            raise Broken("the connection was not answered in time") from None
        except (OSError, UnicodeError) as error:  # the latter for a host that no name server can be asked for
            raise Broken(_words_of(error)) from error
        self._live.add(connection)
        if self.is_closed:
            self.drop(connection)
            raise Closed
        return connection

    def give_back(self, connection: _Connection, idle_seconds: float) -> None:
        connection.disarm()
        connection.idle_until = time.monotonic() + idle_seconds
        if idle_seconds > 0 and not self.is_closed and len(self._idle) < IDLE_MAX:
            self._idle.append(connection)
        else:
            self.drop(connection)

    def drop(self, connection: _Connection) -> None:
        self._live.discard(connection)
        connection.abort()

    async def pause(self, seconds: float) -> None:
        await self._pauses.pause(seconds)

    async def aclose(self) -> None:
        self._pauses.close()
        for connection in list(self._live):
            self.drop(connection)
        self._idle.clear()


async def _early(reader: asyncio.StreamReader) -> _Head:
    """With a short body in the same step: in the next it is lost, where the connection breaks by what is still sent."""
    status, headers = await _head(reader)
    length = headers.get("content-length", "")
    is_short = length.isdigit() and int(length) <= READ_BYTES
    return status, headers, await reader.readexactly(int(length)) if is_short else None


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    view = memoryview(data)
    for at in range(0, len(data), WRITE_BYTES):
        writer.write(view[at : at + WRITE_BYTES])
        await writer.drain()
        # Turns of the loop in which an answer is read, before a write to a closed connection would lose it.
        for _ in range(3):
            await asyncio.sleep(0)


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Status and headers of the answer; those that only say "go on" (1xx) are passed over."""
    while True:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
            raise ValueError("it does not speak HTTP")
        status = int(rest[:3])
        if status >= 200:
            return status, _checked(_headers_of(lines))


def _checked(headers: dict[str, str]) -> dict[str, str]:
    """With one length, however often it was said."""
    if "content-length" in headers:
        lengths = {length.strip() for length in headers["content-length"].split(",")}
        headers["content-length"] = lengths.pop()
        if lengths or not re.fullmatch("[0-9]{1,18}", headers["content-length"]):
            raise ValueError("it does not say how long its answer is")
    return headers


def _headers_of(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    return headers


def _words_of(error: BaseException) -> str:
    if isinstance(error, asyncio.IncompleteReadError):
        return "it closed the connection without a complete answer"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
