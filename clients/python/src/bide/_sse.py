"""Server-sent events out of bytes as they arrive: the format of the HTML standard, for chunks that are cut anywhere.

An event is complete with its empty line; what is open when the stream ends is dropped, as it may be half of something.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class ServerEvent:
    #: ``message`` where the server gave no name.
    name: str
    #: The latest id, which may have come with an event before; empty where there was none.
    id: str
    #: Its lines, joined by line feeds.
    data: str


class EventParser:
    """``characters_max``: of one event; a server that never ends one would otherwise fill the memory."""

    def __init__(self, characters_max: int) -> None:
        self._max = characters_max
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._parts: list[str] = []
        self._is_after_cr = False
        #: Seconds to stay away before the next connection, as the server said it last; None where it did not.
        self.retry: float | None = None
        #: The latest id, which may have come without an event; empty where there was none.
        self.last_id = ""
        self._id = ""
        self._name = ""
        self._lines: list[str] = []
        self._length = 0

    def read(self, data: bytes) -> Iterator[ServerEvent]:
        """The events that these bytes complete. Raises ValueError for one that is too long."""
        text = self._decode(data)
        if not text:
            return
        rest = text[1:] if self._is_after_cr and text[0] == "\n" else text
        self._is_after_cr = text[-1] == "\r"
        first, *more = _LINE_END.split(rest)
        self._parts.append(first)
        self._length += len(first)
        for piece in more:
            line = "".join(self._parts)
            self._parts = [piece]
            if line:
                self._take(line)
            else:
                yield from self._dispatch()
            self._length += len(piece)
            self._check()
        self._check()

    def _check(self) -> None:
        if self._length > self._max:
            raise ValueError(f"An event has more than {self._max} characters.")

    def _dispatch(self) -> Iterator[ServerEvent]:
        if self._lines:
            yield ServerEvent(self._name or "message", self._id, "\n".join(self._lines))
        self.last_id = self._id
        self._name = ""
        self._lines = []
        self._length = 0

    def _take(self, line: str) -> None:
        field, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "data":
            self._lines.append(value)
        elif field == "event":
            self._name = value
        elif field == "id" and "\0" not in value:
            self._id = value
        elif field == "retry" and re.fullmatch("[0-9]{1,9}", value):
            self.retry = int(value) / 1000
