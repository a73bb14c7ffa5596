"""One request and where it goes, whatever carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..errors import BideError

#: Longest time to connect, within the deadline of a request. Seconds.
CONNECT_SECONDS_MAX = 10.0
#: A connection that was idle for longer is not used again where the server did not say how long it keeps it: Node's
#: default is 5 s.
IDLE_SECONDS = 4.0
#: Idle connections that are kept.
IDLE_MAX = 64
#: Bytes of one read.
READ_BYTES = 65_536
#: Bytes of one write of a body. A server may refuse a large one before all of it has come: that is looked for between
#: two writes.
WRITE_BYTES = 262_144


class Broken(Exception):
    """No connection, or it broke before the answer was complete."""

    def __init__(self, reason: str, *, is_stale: bool = False) -> None:
        super().__init__(reason)
        #: It broke on a connection that had been kept, before a byte of the answer: the server had closed it meanwhile.
        self.is_stale = is_stale


def broken_in_body(error: Exception, sent: int) -> str:
    """The reason of a connection that broke while a large body was sent."""
    return f"{error} while a body of {sent} bytes was sent, which the server or a proxy may not take"


class Closed(Exception):
    """``close()`` was called meanwhile."""


@dataclass(frozen=True)
class Request:
    method: str
    #: Path and query, with the prefix of the origin.
    target: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True)
class Origin:
    scheme: str
    host: str
    port: int
    #: Path below which the API stands; without a slash at its end.
    prefix: str

    @property
    def is_tls(self) -> bool:
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """As it stands in a URL and in the header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.prefix}"


def origin_of(url: str) -> Origin:
    """Raises BideError with the code BAD_URL for what is no http(s) URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or any(mark in url for mark in " \r\n\t"):
        raise BideError("BAD_URL", f"{url!r} is not an http(s) URL.")
    port = (443 if parts.scheme == "https" else 80) if port is None else port
    return Origin(parts.scheme, parts.hostname, port, parts.path.rstrip("/"))


def idle_seconds_of(headers: Mapping[str, str]) -> float:
    """How long the connection may be idle: what the server says it keeps it (``Keep-Alive: timeout=72``), less a
    second for the way.
    """
    for part in headers.get("keep-alive", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "timeout" and value.isdigit():
            return max(0.0, min(float(value) - 1.0, 60.0))
    return IDLE_SECONDS
