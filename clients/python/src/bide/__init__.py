"""Bide: asynchronous jobs over HTTP. A client for threads and one for asyncio, and a worker.

``docs/reference/python.md`` shows how; ``python -m bide --help`` is the command.
"""

from . import models
from ._async.client import AsyncClient
from ._async.result import AsyncResult
from ._options import ListFilter, SubmitOptions
from ._sync.client import Client
from ._sync.result import Result
from ._version import __version__
from ._worker.context import Context
from ._worker.outcome import Bytes
from .errors import BideError, JobFailed, RetryLater, WaitTimeout, WorkError
from .worker import Worker

__all__ = [
    "AsyncClient",
    "AsyncResult",
    "BideError",
    "Bytes",
    "Client",
    "Context",
    "JobFailed",
    "ListFilter",
    "Result",
    "RetryLater",
    "SubmitOptions",
    "WaitTimeout",
    "WorkError",
    "Worker",
    "__version__",
    "models",
]
