"""The client of a Bide server."""

from __future__ import annotations

import os
import ssl
from types import TracebackType

from .._call import ANSWER_SECONDS, TRIES, finite
from .._http.choice import Carrier, open_async_connections
from .._http.message import origin_of
from ..errors import BideError
from .following import AsyncFollowing
from .holding import AsyncHolds
from .jobs import AsyncJobs
from .transport import AsyncTransport


class AsyncClient(AsyncJobs, AsyncFollowing):
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
        carried = open_async_connections(origin, transport, ssl_context)
        self._timeout = finite(timeout)
        self._transport = AsyncTransport(origin, key or os.environ.get("BIDE_KEY"), carried, timeout, tries)
        self._holds = AsyncHolds(self._transport)

    async def aclose(self) -> None:
        """Ends everything that is under way: each call raises BideError with the code CLOSED, and the server sees its
        connection close.
        """
        await self._transport.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
