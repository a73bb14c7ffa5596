# Made from `../_async` by `npm run gen`: edit there.
"""A result as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from .._http.message import Broken, Closed
from ..errors import BideError

if TYPE_CHECKING:
    from .._http.choice import Response

_FOREVER = float("inf")


class Result:
    """The bytes of a result as they arrive. What is not read when it is closed is not fetched."""

    def __init__(self, response: Response, silence: float) -> None:
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

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._response.chunks(_FOREVER, self._silence):
                yield chunk
        except TimeoutError as error:
            raise BideError(
                "TIMED_OUT", f"The result came to a halt for {self._silence:g} s. Fetch it again."
            ) from error
        except Closed as error:
            raise BideError("CLOSED", "The client was closed. Make a new one for further calls.") from error
        except Broken as error:
            raise BideError("UNREACHABLE", f"The result broke off: {error}. Fetch it again.") from error

    def read(self) -> bytes:
        """All of it."""
        return b"".join([chunk for chunk in self])

    def close(self) -> None:
        self._response.close()

    def __enter__(self) -> Result:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
