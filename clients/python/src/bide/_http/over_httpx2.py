"""Requests over httpx2, where it is installed: proxies, certificates and pools as its users know them.

Its timeouts hold for each read and not for an answer as a whole, so the deadline is looked at between two reads as
well. The sockets are noted as they are opened, by its ``trace`` extension: closing an httpx2 client does not wake a
thread that reads.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2

from .forks import forget_after_fork
from .message import CONNECT_SECONDS_MAX, IDLE_MAX, IDLE_SECONDS, Broken, Closed, Origin, Request
from .pauses import Pauses

_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=IDLE_MAX, keepalive_expiry=IDLE_SECONDS)
_OPENED = ("connection.connect_tcp.complete", "connection.start_tls.complete")
_FAILURES = (httpx2.TransportError, httpx2.StreamError, OSError, RuntimeError, UnicodeError)


def _timeout(deadline: float) -> httpx2.Timeout:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return httpx2.Timeout(min(left, 86_400.0), connect=min(left, CONNECT_SECONDS_MAX))


class _Sockets:
    """The sockets of one client, so that all of them can be shut down at once."""

    def __init__(self) -> None:
        self._opened: list[socket.socket] = []

    def note(self, name: str, info: dict[str, Any]) -> None:
        if name in _OPENED:
            sock = info["return_value"].get_extra_info("socket")
            self._opened = [other for other in self._opened if other.fileno() != -1]
            self._opened.append(sock)

    def shut(self) -> None:
        for sock in self._opened:
            try:
                # A duplicate has no state of TLS that could be taken from the thread that reads.
                with socket.socket(fileno=socket.dup(sock.fileno())) as twin:
                    twin.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class _Opening:
    """What a call says of its connection while it goes out."""

    def __init__(self, sockets: _Sockets) -> None:
        self._sockets = sockets
        #: Whether the call took a connection that had been kept, as far as it came.
        self.is_kept = True

    def note(self, name: str, info: dict[str, Any]) -> None:
        self.is_kept = self.is_kept and not name.startswith("connection.connect")
        self._sockets.note(name, info)

    async def anote(self, name: str, info: dict[str, Any]) -> None:
        self.note(name, info)


def _reason_of(error: Exception, is_closed: bool, is_kept: bool = False) -> Exception:
    if is_closed:
        return Closed()
    if isinstance(error, (TimeoutError, httpx2.ReadTimeout, httpx2.WriteTimeout, httpx2.PoolTimeout)):
        return TimeoutError()
    is_cut = isinstance(error, (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError))
    return Broken(str(error) or type(error).__name__, is_stale=is_kept and is_cut)


class Response:
    def __init__(self, pool: Connections, inner: httpx2.Response, deadline: float) -> None:
        self._pool = pool
        self._inner = inner
        self._deadline = deadline
        self.status = inner.status_code
        self.headers = {name.lower(): value for name, value in inner.headers.items()}

    def read(self) -> bytes:
        return b"".join(self.chunks(self._deadline, float("inf")))

    def chunks(self, deadline: float, silence: float) -> Iterator[bytes]:
        timeout = self._inner.request.extensions["timeout"]
        try:
            timeout["read"] = min(deadline - time.monotonic(), silence, 86_400.0)
            for chunk in self._inner.iter_raw():
                yield chunk
                timeout["read"] = min(deadline - time.monotonic(), silence, 86_400.0)
                if timeout["read"] <= 0:
                    raise TimeoutError
            if self._pool.is_closed:
                raise Closed
        except _FAILURES as error:
            raise _reason_of(error, self._pool.is_closed) from error
        finally:
            self.close()

    def close(self) -> None:
        self._inner.close()


class Connections:
    """As ``threads.Connections``."""

    def __init__(self, origin: Origin, ssl_context: ssl.SSLContext | None = None) -> None:
        self._root = f"{origin.scheme}://{origin.authority}"
        self._context = ssl_context
        self._closed = threading.Event()
        self._start()
        forget_after_fork(self)

    def _start(self) -> None:
        self._sockets = _Sockets()
        self._client = httpx2.Client(limits=_LIMITS, verify=self._context or True)

    def forget(self) -> None:
        self._start()

    @property
    def is_closed(self) -> bool:
        return self._closed.is_set()

    def send(self, request: Request, deadline: float) -> Response:
        if self.is_closed:
            raise Closed
        opening = _Opening(self._sockets)
        try:
            built = self._client.build_request(
                request.method,
                self._root + request.target,
                headers=dict(request.headers),
                content=request.body,
                timeout=_timeout(deadline),
                extensions={"trace": opening.note},
            )
            return Response(self, self._client.send(built, stream=True), deadline)
        except TimeoutError:
            raise
        except _FAILURES as error:
            raise _reason_of(error, self.is_closed, opening.is_kept) from error

    def pause(self, seconds: float) -> None:
        if self._closed.wait(seconds):
            raise Closed

    def close(self) -> None:
        self._closed.set()
        self._sockets.shut()
        self._client.close()


class AsyncResponse:
    def __init__(self, pool: AsyncConnections, inner: httpx2.Response, deadline: float) -> None:
        self._pool = pool
        self._inner = inner
        self._deadline = deadline
        self.status = inner.status_code
        self.headers = {name.lower(): value for name, value in inner.headers.items()}

    async def read(self) -> bytes:
        return b"".join([chunk async for chunk in self.chunks(self._deadline, float("inf"))])

    async def chunks(self, deadline: float, silence: float) -> AsyncIterator[bytes]:
        timeout = self._inner.request.extensions["timeout"]
        try:
            timeout["read"] = min(deadline - time.monotonic(), silence, 86_400.0)
            async for chunk in self._inner.aiter_raw():
                yield chunk
                timeout["read"] = min(deadline - time.monotonic(), silence, 86_400.0)
                if timeout["read"] <= 0:
                    raise TimeoutError
            if self._pool.is_closed:
                raise Closed
        except _FAILURES as error:
            raise _reason_of(error, self._pool.is_closed) from error
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        await self._inner.aclose()


class AsyncConnections:
    """As ``aio.AsyncConnections``."""

    def __init__(self, origin: Origin, ssl_context: ssl.SSLContext | None = None) -> None:
        self._root = f"{origin.scheme}://{origin.authority}"
        self._sockets = _Sockets()
        self._pauses = Pauses()
        self._context = ssl_context
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx2.AsyncClient | None = None

    @property
    def is_closed(self) -> bool:
        return self._pauses.is_closed

    def _of_this_loop(self) -> httpx2.AsyncClient:
        """Connections belong to the loop that opened them."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            self._client = httpx2.AsyncClient(limits=_LIMITS, verify=self._context or True)
        return self._client

    async def send(self, request: Request, deadline: float) -> AsyncResponse:
        if self.is_closed:
            raise Closed
        client = self._of_this_loop()
        opening = _Opening(self._sockets)
        try:
            built = client.build_request(
                request.method,
                self._root + request.target,
                headers=dict(request.headers),
                content=request.body,
                timeout=_timeout(deadline),
                extensions={"trace": opening.anote},
            )
            return AsyncResponse(self, await client.send(built, stream=True), deadline)
        except TimeoutError:
            raise
        except _FAILURES as error:
            raise _reason_of(error, self.is_closed, opening.is_kept) from error

    async def pause(self, seconds: float) -> None:
        await self._pauses.pause(seconds)

    async def aclose(self) -> None:
        self._pauses.close()
        self._sockets.shut()
        if self._client is not None and self._loop is asyncio.get_running_loop():
            await self._client.aclose()
