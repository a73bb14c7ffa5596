"""A bulk submit as requests: as many as it takes, each within what a server takes by default."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from . import _json
from ._options import submit_body

#: Jobs in one request: the server's default jobsPerCallMax.
_JOBS_PER_CALL = 1_000
#: Bytes in one request: below the server's default bodyBytesMax of 1 MiB.
_BYTES_PER_CALL = 900_000


def parts_of(jobs: Iterable[Mapping[str, Any]]) -> Iterator[list[bytes]]:
    """The jobs as JSON, each with an idempotency key. One that is too large goes on its own, for the server to
    refuse.
    """
    part: list[bytes] = []
    room = _BYTES_PER_CALL
    for at, job in enumerate(jobs):
        text = _json.dumps(_body_of(job), f"Job {at} of the bulk")
        if part and (len(part) >= _JOBS_PER_CALL or len(text) > room):
            yield part
            part, room = [], _BYTES_PER_CALL
        part.append(text)
        room -= len(text) + 1
    if part:
        yield part


def _body_of(job: Mapping[str, Any]) -> dict[str, Any]:
    options = dict(job) if isinstance(job, Mapping) else {}
    if "type" not in options:
        raise TypeError('A job of a bulk is a mapping with its type: {"type": "echo", "input": 1}.')
    type, input = options.pop("type"), options.pop("input", None)
    key = options.pop("idempotency_key", None) or str(uuid.uuid4())
    return {**submit_body(type, input, options), "idempotencyKey": key}
