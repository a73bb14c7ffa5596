"""A result as a stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING

from .._http.message import Broken, Closed
from ..errors import BideError

if TYPE_CHECKING:
    from .._http.choice import AsyncResponse

_FOREVER = float("inf")


class AsyncResult:
    """The bytes of a result as they arrive. What is not read when it is closed is not fetched."""

    def __init__(self, response: AsyncResponse, silence: float) -> None:
        self._response = response
        self._silence = silence
        self.content_type = response.headers.get("content-type", "application/octet-stream")
        length = response.headers.get("content-length")
        #: None where the server did not say.
        self.bytes_total = int(length) if length is not None and length.isdecimal() else None

    @property
    def is_json(self) -> bool:
        name = self.content_type.partition(";")[0].strip().lower()
        return name == "application/json" or name.endswith("+json")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.chunks(_FOREVER, self._silence):
                yield chunk
        except TimeoutError as error:
            raise BideError(
                "TIMED_OUT", f"The result came to a halt for {self._silence:g} s. Fetch it again."
            ) from error
        except Closed as error:
            raise BideError("CLOSED", "The client was closed. Make a new one for further calls.") from error
        except Broken as error:
            raise BideError("UNREACHABLE", f"The result broke off: {error}. Fetch it again.") from error

    async def read(self) -> bytes:
        """All of it."""
        return b"".join([chunk async for chunk in self])

    async def aclose(self) -> None:
        await self._response.aclose()

    async def __aenter__(self) -> AsyncResult:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
