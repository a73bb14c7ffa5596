# Made from `../_async` by `npm run gen`: edit there.
"""What every wait is made of: holds of bounded length, at a bounded pace, until a deadline.

The server bounds one hold, and so do proxies on the way; a wait is therefore a loop of holds. A server that answers
at once instead of holding (it is full, or shutting down) is asked again at a walking pace, never in a spin.

A gateway that cuts holds before they are over (its own error, a broken connection, a page of its own) is asked for
shorter ones from then on, by this client in all its waits; one that cuts even the shortest ends the wait with its
error. A server that was reached once is waited for through a restart.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from .._call import CUT_SECONDS
from ..errors import BideError
from .transport import Transport

T = TypeVar("T")

#: One hold: half of the server's default limit, and under the 60 s at which many proxies cut.
_HOLD_SECONDS = 30.0
#: The shortest hold: a gateway that cuts it lets nothing through.
_HOLD_SECONDS_MIN = 1.0
#: Least time between two requests of one wait, where the server does not hold.
_PACE_SECONDS = 1.0


class Holds:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._longest = _HOLD_SECONDS

    def held(self, deadline: float, ask: Callable[[float, Callable[[float], None]], T]) -> T:
        """One hold that ends by the deadline (none at all after it), or shorter ones until one is not cut."""
        while True:
            started = time.monotonic()
            hold = max(0.0, min(self._longest, deadline - started))
            cuts: list[float] = []
            try:
                return ask(hold, cuts.append)
            except BideError as error:
                # A foreign answer comes as a success, so the call does not know it for a cut.
                spent = time.monotonic() - started
                if error.code == "BAD_ANSWER" and spent >= CUT_SECONDS:
                    cuts.append(spent)
                if not cuts or hold <= _HOLD_SECONDS_MIN:
                    raise
                self._longest = max(_HOLD_SECONDS_MIN, min(hold, cuts[-1]) / 2)
            self._transport.pause(_PACE_SECONDS)

    def keep_pace(self, started: float, deadline: float = float("inf")) -> None:
        """Sees to it that a request which came back empty-handed took a second, or all the time that was left."""
        rest = min(started + _PACE_SECONDS, deadline) - time.monotonic()
        if rest > 0:
            self._transport.pause(rest)
