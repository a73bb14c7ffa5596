"""Requests from threads, over ``http.client`` of the standard library: connections are kept, deadlines hold for all
of an answer.

- Any number of threads may share it: each request has a connection of its own.
- ``close()`` from another thread ends every request at once: the sockets are shut down, so the server sees it, too.
- After a fork the child starts with no connections: those of its parent are the parent's.
- Proxies in the environment (``HTTPS_PROXY``) are not used; httpx2 does use them.
"""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any, cast

from .forks import forget_after_fork
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


class _TimedSocket:
    """A socket whose every read and write ends by one deadline; what ``http.client`` needs of a socket, and no more."""

    def __init__(self, sock: socket.socket) -> None:
        self.inner = sock
        #: Of ``time.monotonic()``.
        self.deadline = float("inf")

    def _arm(self) -> None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.inner.settimeout(min(left, 86_400.0))

    def recv_into(self, buffer: Any) -> int:
        self._arm()
        return self.inner.recv_into(buffer)

    def sendall(self, data: bytes | memoryview) -> None:
        self._arm()
        self.inner.sendall(data)

    def makefile(self, *_: object) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self), READ_BYTES)


class _Reader(io.RawIOBase):
    """What one answer reads from: its end does not close the socket, which may carry another."""

    def __init__(self, sock: _TimedSocket) -> None:
        super().__init__()
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._sock.recv_into(buffer)


class _Connection(http.client.HTTPConnection):
    """An open connection, and until when it may be kept idle."""

    def __init__(self, origin: Origin, sock: _TimedSocket) -> None:
        super().__init__(origin.host, origin.port)
        self.sock = cast(socket.socket, sock)
        self.wire = sock
        self.idle_until = 0.0
        self.is_used = False
        #: The server answered before all of a body was sent: nothing more can be asked on it.
        self.is_cut = False

    def is_fresh(self) -> bool:
        """Not closed by the server meanwhile: whatever can be read before a request is an end."""
        return time.monotonic() < self.idle_until and not self.has_more()

    def has_more(self) -> bool:
        """Something can be read, or an end."""
        try:
            poll = select.poll()
            poll.register(self.wire.inner, select.POLLIN)
            return bool(poll.poll(0))
        except (OSError, ValueError):
            return True

    def send_body(self, body: bytes) -> None:
        view = memoryview(body)
        for at in range(0, len(body), WRITE_BYTES):
            if at > 0 and self.has_more():
                self.is_cut = True
                return
            try:
                self.wire.sendall(view[at : at + WRITE_BYTES])
            except ConnectionError as error:
                if not self.has_more():
                    raise Broken(broken_in_body(error, len(body))) from error
                self.is_cut = True
                return

    def close(self) -> None:
        """Nothing: ``http.client`` calls it where the answer is the last one, before that is read."""

    def end(self) -> None:
        self.wire.inner.close()

    def shut(self) -> None:
        """Ends what another thread reads from it."""
        try:
            # Not the method of a TLS socket: that takes its state away below the thread that reads.
            socket.socket.shutdown(self.wire.inner, socket.SHUT_RDWR)
        except OSError:
            pass


class Response:
    """One answer; its connection goes back to the others when all of it is read."""

    def __init__(self, pool: Connections, connection: _Connection, inner: http.client.HTTPResponse) -> None:
        self._pool = pool
        self._connection = connection
        self._inner = inner
        self.status = inner.status
        self.headers = {name.lower(): value for name, value in inner.getheaders()}
        self._left = inner.length
        self._is_over = False

    def read(self) -> bytes:
        return b"".join(self.chunks(self._connection.wire.deadline, float("inf")))

    def chunks(self, deadline: float, silence: float) -> Iterator[bytes]:
        try:
            while not self._is_over:
                self._connection.wire.deadline = min(deadline, time.monotonic() + silence)
                # Bounded by the length: before 3.12 http.client would go on to read behind the end.
                chunk = self._inner.read1(READ_BYTES if self._left is None else min(self._left, READ_BYTES))
                if not chunk:
                    self._end()
                    return
                if self._left is not None:
                    self._left -= len(chunk)
                yield chunk
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise self._pool.reason_of(error) from error
        finally:
            self.close()

    def _end(self) -> None:
        if self._left:
            raise http.client.IncompleteRead(b"", self._left)
        if self._pool.is_closed:
            raise Closed
        self._is_over = True
        will_close = self._inner.will_close or self._connection.is_cut
        self._inner.close()
        self._pool.give_back(self._connection, 0.0 if will_close else idle_seconds_of(self.headers))

    def close(self) -> None:
        """Cuts what is not read: the server sees the connection close."""
        if not self._is_over:
            self._is_over = True
            self._pool.drop(self._connection)


class Connections:
    """The connections to one server."""

    def __init__(self, origin: Origin, ssl_context: ssl.SSLContext | None = None) -> None:
        self._origin = origin
        self._context = (ssl_context or ssl.create_default_context()) if origin.is_tls else None
        self._start()
        forget_after_fork(self)

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        self._live: set[_Connection] = set()
        self._closed = threading.Event()

    def forget(self) -> None:
        """In a child of a fork: closes its copies of the sockets, which leaves the parent's as they are."""
        was_closed = self._closed.is_set()
        for connection in self._live:
            connection.end()
        self._start()
        if was_closed:
            self._closed.set()

    @property
    def is_closed(self) -> bool:
        return self._closed.is_set()

    def send(self, request: Request, deadline: float) -> Response:
        """The head of the answer. Raises Broken, TimeoutError or Closed."""
        connection = self._take(deadline)
        was_used = connection.is_used
        try:
            connection.wire.deadline = deadline
            connection.is_used = True
            self._write(connection, request)
            return Response(self, connection, connection.getresponse())
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.drop(connection)
            raise self.reason_of(error, was_used) from error
        except BaseException:
            self.drop(connection)
            raise

    def _write(self, connection: _Connection, request: Request) -> None:
        connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("host", self._origin.authority)
        for name, value in request.headers.items():
            connection.putheader(name, value)
        if request.body is not None:
            connection.putheader("content-length", str(len(request.body)))
        elif request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("content-length", "0")
        body = request.body or b""
        connection.endheaders(body if len(body) <= WRITE_BYTES else None)
        if len(body) > WRITE_BYTES:
            connection.send_body(body)

    def reason_of(self, error: Exception, was_used: bool = False) -> Exception:
        """What a failure is to the caller."""
        if self.is_closed:
            return Closed()
        if isinstance(error, TimeoutError):
            return TimeoutError()
        is_stale = was_used and isinstance(error, (http.client.RemoteDisconnected, ConnectionError))
        return Broken(str(error) or type(error).__name__, is_stale=is_stale)

    def _take(self, deadline: float) -> _Connection:
        while True:
            with self._lock:
                if self.is_closed:
                    raise Closed
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._connect(deadline)
            if connection.is_fresh():
                return connection
            self.drop(connection)

    def _connect(self, deadline: float) -> _Connection:
        seconds = min(CONNECT_SECONDS_MAX, deadline - time.monotonic())
        if seconds <= 0:
            raise TimeoutError
        try:
            sock = socket.create_connection((self._origin.host, self._origin.port), seconds)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_hostname=self._origin.host)
        except TimeoutError:
            raise Broken("the connection was not answered in time") from None
        except (OSError, UnicodeError) as error:  # the latter for a host that no name server can be asked for
            raise Broken(getattr(error, "strerror", None) or str(error)) from error
        connection = _Connection(self._origin, _TimedSocket(sock))
        with self._lock:
            self._live.add(connection)
            if not self.is_closed:
                return connection
        self.drop(connection)
        raise Closed

    def give_back(self, connection: _Connection, idle_seconds: float) -> None:
        connection.idle_until = time.monotonic() + idle_seconds
        with self._lock:
            if idle_seconds > 0 and not self.is_closed and len(self._idle) < IDLE_MAX:
                self._idle.append(connection)
                return
        self.drop(connection)

    def drop(self, connection: _Connection) -> None:
        with self._lock:
            self._live.discard(connection)
        connection.end()

    def pause(self, seconds: float) -> None:
        if self._closed.wait(seconds):
            raise Closed

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            idle, self._idle = self._idle, []
            busy = self._live.difference(idle)
        for connection in busy:
            connection.shut()  # closed by the thread that uses it
        for connection in idle:
            self.drop(connection)
