"""JSON as the package writes and reads it: nothing is changed on the way without a word.

Integers of any size arrive exact. What JSON cannot carry (NaN, sets, bytes) is refused before it is sent, with what
to do.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def dumps(value: Any, what: str) -> bytes:
    """The value as UTF-8. Raises TypeError for what JSON cannot carry; ``what`` begins its message."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        reason = str(error) or type(error).__name__
        raise TypeError(
            f"{what} cannot be sent as JSON: {reason}. Use dict, list, str, int, float, bool and None."
        ) from error
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON has an escape for it, UTF-8 has not
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def loads(data: bytes | str) -> Any:
    """The value. Raises ValueError for what is no JSON.

    An integer with more digits than Python reads (``sys.get_int_max_str_digits``, 4,300 unless told) comes as a
    Decimal.
    """
    try:
        return json.loads(data)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(data, parse_int=_integer)
    except RecursionError as error:
        raise ValueError("nested too deep for Python to read") from error


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) < 640 else Decimal(digits)
