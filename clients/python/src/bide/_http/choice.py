"""Which way requests travel."""

from __future__ import annotations

import importlib.util
import ssl
from typing import TYPE_CHECKING, Literal

from . import aio, threads
from .message import Origin

if TYPE_CHECKING:
    from . import over_httpx2

    Connections = threads.Connections | over_httpx2.Connections
    AsyncConnections = aio.AsyncConnections | over_httpx2.AsyncConnections
    Response = threads.Response | over_httpx2.Response
    AsyncResponse = aio.AsyncResponse | over_httpx2.AsyncResponse

#: ``auto`` is httpx2 where it is installed, else the standard library.
Carrier = Literal["auto", "httpx2", "standard"]


def _is_httpx2(transport: Carrier) -> bool:
    if transport not in ("auto", "httpx2", "standard"):
        raise ValueError(f'transport is "auto", "httpx2" or "standard", not {transport!r}.')
    return transport == "httpx2" or (transport == "auto" and importlib.util.find_spec("httpx2") is not None)


def open_connections(origin: Origin, transport: Carrier, ssl_context: ssl.SSLContext | None) -> Connections:
    if _is_httpx2(transport):
        from . import over_httpx2

        return over_httpx2.Connections(origin, ssl_context)
    return threads.Connections(origin, ssl_context)


def open_async_connections(origin: Origin, transport: Carrier, ssl_context: ssl.SSLContext | None) -> AsyncConnections:
    if _is_httpx2(transport):
        from . import over_httpx2

        return over_httpx2.AsyncConnections(origin, ssl_context)
    return aio.AsyncConnections(origin, ssl_context)
