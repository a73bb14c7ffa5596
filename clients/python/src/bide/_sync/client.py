# Made from `../_async` by `npm run gen`: edit there.
"""The client of a Bide server."""

from __future__ import annotations

import os
import ssl
from types import TracebackType

from .._call import ANSWER_SECONDS, TRIES, finite
from .._http.choice import Carrier, open_connections
from .._http.message import origin_of
from ..errors import BideError
from .following import Following
from .holding import Holds
from .jobs import Jobs
from .transport import Transport


class Client(Jobs, Following):
    """Everything that one may ask a Bide server; calls raise BideError.

    ``url`` and ``key`` are those of ``BIDE_URL`` and ``BIDE_KEY`` unless told. ``timeout``: seconds that the server
    has to answer, beyond a wait that was asked for. ``tries``: of one call that is safe to repeat, the first one
    included. ``transport``: ``"auto"`` is httpx2 where it is installed, else ``"standard"``, the standard library.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = ANSWER_SECONDS,
        tries: int = TRIES,
        transport: Carrier = "auto",
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        named = url or os.environ.get("BIDE_URL")
        if not named:
            raise BideError("BAD_URL", "No server is named: pass its url, or set BIDE_URL.")
        origin = origin_of(named)
        carried = open_connections(origin, transport, ssl_context)
        self._timeout = finite(timeout)
        self._transport = Transport(origin, key or os.environ.get("BIDE_KEY"), carried, timeout, tries)
        self._holds = Holds(self._transport)

    def close(self) -> None:
        """Ends everything that is under way: each call raises BideError with the code CLOSED, and the server sees its
        connection close.
        """
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
