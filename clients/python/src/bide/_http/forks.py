"""After a fork the child starts without connections: those that it inherits are its parent's."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class _Forgetful(Protocol):
    def forget(self) -> None: ...


_known: weakref.WeakSet[_Forgetful] = weakref.WeakSet()


def forget_after_fork(connections: _Forgetful) -> None:
    _known.add(connections)


def _forget_all() -> None:
    for connections in list(_known):
        connections.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
