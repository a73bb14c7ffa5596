"""How an attempt ended, as it is reported: by the rules that hold for functions on the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .. import _json
from ..errors import RetryLater, WorkError

#: What a server keeps of a message and of a code.
_MESSAGE_LENGTH_MAX = 4_000
_CODE_LENGTH_MAX = 100


@dataclass(frozen=True)
class Bytes:
    """A result that is not JSON, or is JSON already."""

    data: bytes
    content_type: str = "application/octet-stream"

    def __post_init__(self) -> None:
        if not isinstance(self.data, (bytes, bytearray, memoryview)) or not isinstance(self.content_type, str):
            raise TypeError(f"Bytes takes bytes and the name of their type, not {self.data!r:.100}.")
        object.__setattr__(self, "data", bytes(self.data))


@dataclass(frozen=True)
class Succeeded:
    result: Bytes


@dataclass(frozen=True)
class Failed:
    code: str
    message: str
    retryable: bool
    details: Any = None

    def body(self, fence: int) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details is not None:
            error["details"] = self.details
        return {"fence": fence, "error": error, "retryable": self.retryable}


@dataclass(frozen=True)
class Parked:
    """Given back until a signal comes."""

    signal: str
    timeout_ms: int | None

    def body(self, fence: int) -> dict[str, Any]:
        timeout = {} if self.timeout_ms is None else {"timeoutMs": self.timeout_ms}
        return {"fence": fence, "reason": {"signal": self.signal, **timeout}}


@dataclass(frozen=True)
class Later:
    """Given back for later, and counts as no attempt."""

    close_ms: int

    def body(self, fence: int) -> dict[str, Any]:
        return {"fence": fence, "closeMs": self.close_ms}


Outcome = Succeeded | Failed | Parked | Later
#: Given back for anybody else to claim.
GIVEN_BACK = Later(1)


def outcome_of_result(value: Any) -> Outcome:
    """What a handler returned."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return Succeeded(Bytes(bytes(value)))
    if isinstance(value, Bytes):
        return Succeeded(value)
    try:
        return Succeeded(Bytes(_json.dumps(value, "The result"), "application/json"))
    except TypeError as error:
        return Failed("RESULT_NOT_JSON", f"{error} Return bytes or Bytes(data, content_type) for anything else.", False)


def outcome_of_error(error: BaseException) -> Outcome:
    """What a handler raised. Never raises: an error may have any shape."""
    if isinstance(error, RetryLater):
        return Later(max(1, -int(-error.seconds * 1000 // 1)))
    message = _message_of(error)
    if not isinstance(error, WorkError):
        return Failed("HANDLER_FAILED", message, True)
    details = error.details
    try:
        _json.dumps(details, "details")
    except TypeError:
        details = None  # must not keep the failure itself from being told
    return Failed(
        str(error.code)[:_CODE_LENGTH_MAX] or "HANDLER_FAILED", message, error.retryable is not False, details
    )


def _message_of(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = ""
    kind = type(error).__name__
    if isinstance(error, WorkError):
        return (text or kind)[:_MESSAGE_LENGTH_MAX]
    # A KeyError says no more than its key: the kind belongs to it.
    return (f"{kind}: {text}" if text else kind)[:_MESSAGE_LENGTH_MAX]
