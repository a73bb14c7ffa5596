"""Pauses between two tries over asyncio, which end at once when their client is closed."""

from __future__ import annotations

import asyncio

from .message import Closed


class Pauses:
    def __init__(self) -> None:
        self._under_way: set[asyncio.Future[None]] = set()
        self.is_closed = False

    async def pause(self, seconds: float) -> None:
        """Raises Closed, before or after, when the client is."""
        if self.is_closed:
            raise Closed
        over = asyncio.get_running_loop().create_future()
        self._under_way.add(over)
        try:
            await asyncio.wait([over], timeout=seconds)
        finally:
            self._under_way.discard(over)
            over.cancel()
        if self.is_closed:
            raise Closed

    def close(self) -> None:
        self.is_closed = True
        for over in self._under_way:
            if not over.done():
                over.set_result(None)
