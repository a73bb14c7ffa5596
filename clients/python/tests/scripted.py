"""A server that answers as a test says: errors, cuts, silence, and that sees connections close."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from typing import Any

JOB = {
    "id": "j1",
    "type": "echo",
    "state": "succeeded",
    "revision": 3,
    "finishedAt": "2026-01-31T12:00:00.000Z",
    "result": {"a": 1},
    "error": None,
}


class Request:
    def __init__(self, head: str, body: bytes) -> None:
        first, *lines = head.split("\r\n")
        self.method, self.target, _ = first.split(" ")
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.body = body
        #: Set when the client has closed the connection that it came on, which must be within the patience of the test.
        self.closed = threading.Event()


def answer(status: int = 200, body: Any = JOB, headers: dict[str, str] | None = None) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(data)}"]
    lines += [f"{name}: {value}" for name, value in {"content-type": "application/json", **(headers or {})}.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


#: Gives the bytes to send; the connection is then closed where `ends` says so. HOLD sends nothing and waits for the
#: client to close.
Script = Callable[[Request, int], bytes | None]
HOLD = None


class ScriptedServer:
    """`script(request, number)` answers; a connection is cut after an answer that has `cut` in its headers or is
    empty.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self.requests: list[Request] = []
        self.arrived = threading.Semaphore(0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> ScriptedServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader:
            while request := self._read(reader):
                self.requests.append(request)
                self.arrived.release()
                said = self._script(request, len(self.requests))
                if said is HOLD:
                    try:
                        reader.read(1)
                    except OSError:
                        pass
                    request.closed.set()
                    return
                connection.sendall(said)
                if not said or b"\r\ncut:" in said:
                    return

    def _read(self, reader: Any) -> Request | None:
        lines = []
        while (line := reader.readline()) not in (b"\r\n", b""):
            lines.append(line.decode().rstrip("\r\n"))
        if not lines:
            return None
        length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
        return Request("\r\n".join(lines), reader.read(length))
