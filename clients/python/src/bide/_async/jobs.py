"""Submitting, reading and commanding jobs."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from .. import _json
from .._call import FOREVER, NOTHING, Call, is_finished, job_in, path_of, seconds_text
from .._options import ListFilter, SubmitOptions, list_query, submit_body, trace_headers
from .._parts import parts_of
from ..errors import BideError, JobFailed
from .result import AsyncResult
from .waiting import AsyncWaiting

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..models import Attempt, BulkItem, Job, JobToken, UnknownJob

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
#: Seconds that the submit of ``run`` is held: enough for a short job, and too short for any gateway to cut.
_RUN_HOLD = 1.5


class AsyncJobs(AsyncWaiting):
    async def submit(
        self,
        type: str,
        input: Any = None,
        *,
        idempotency_key: str | None = None,
        wait: float = 0.0,
        traceparent: str | None = None,
        tracestate: str | None = None,
        **options: Unpack[SubmitOptions],
    ) -> Job:
        """Stores one job and gives it; with ``wait`` (seconds), the finished job when it is done in time.

        The same ``idempotency_key`` with the same request gives the job of the first time. Without one the call makes
        its own, so that a try whose answer was lost never becomes a second job.
        """
        body = submit_body(type, input, options)
        headers = trace_headers(traceparent, tracestate)
        key = str(uuid.uuid4()) if idempotency_key is None else idempotency_key
        if key.isascii() and key.isprintable():
            headers["idempotency-key"] = key
        else:  # no header can carry it
            body["idempotencyKey"] = key
        query = [("wait", seconds_text(wait))] if wait > 0 else []
        call = Call("POST", "/v1/jobs", query, headers, body, is_repeatable=True, hold=wait)
        return job_in(await self._transport.call(call))

    async def submit_many(self, jobs: Iterable[Mapping[str, Any]]) -> list[BulkItem]:
        """One answer per job, in their order: ``{"status", "job"}`` or ``{"status", "error"}``; a wrong one does not
        spoil the others.

        Each job is a mapping with ``type`` and the arguments of ``submit`` (``input``, ``tags``, ``delay``,
        ``idempotency_key``, …). As many requests are made as it takes.
        """
        items: list[BulkItem] = []
        for part in parts_of(jobs):
            body = b'{"jobs":[' + b",".join(part) + b"]}"
            answer = await self._transport.call(Call("POST", "/v1/jobs/bulk", body=body, is_repeatable=True))
            items += answer.body["items"]
        return items

    async def run(
        self,
        type: str,
        input: Any = None,
        *,
        timeout: float | None = None,
        idempotency_key: str | None = None,
        traceparent: str | None = None,
        tracestate: str | None = None,
        **options: Unpack[SubmitOptions],
    ) -> Any:
        """Submits a job, waits for it and gives its result: JSON as Python values, anything else as ``bytes``.

        Raises JobFailed where it ended without one, and WaitTimeout after ``timeout`` seconds: the job goes on then.
        """
        deadline = self._deadline_of(timeout)
        hold = _RUN_HOLD if timeout is None else max(0.0, min(_RUN_HOLD, timeout))
        traces = {"traceparent": traceparent, "tracestate": tracestate}
        job = await self.submit(type, input, idempotency_key=idempotency_key, wait=hold, **traces, **options)
        if not is_finished(job):
            job = await self._wait_until(job["id"], deadline, FOREVER if timeout is None else timeout)
        if job["state"] != "succeeded":
            raise JobFailed(job)
        return job["result"] if job["result"] is not None else await self._large_result(job["id"])

    async def get(self, id: str) -> Job:
        """The job now."""
        return job_in(await self._transport.call(Call("GET", path_of(id), is_repeatable=True)))

    async def cancel(self, id: str, wait: float = 0.0) -> Job:
        """Cancels a job that waits at once, one that runs a moment later; with ``wait`` (seconds) it is answered when
        that has stopped.

        Cancelling twice does no harm.
        """
        query = [("wait", seconds_text(wait))] if wait > 0 else []
        return job_in(
            await self._transport.call(Call("POST", path_of(id, "cancel"), query, is_repeatable=True, hold=wait))
        )

    async def signal(self, id: str, name: str, value: Any = None) -> Job:
        """Tells a job something that it waits for, or will: the last value of a name counts."""
        path = path_of(id, "signals", name)
        return job_in(await self._transport.call(Call("POST", path, json={"value": value}, is_repeatable=True)))

    async def retry(self, id: str) -> Job:
        """Runs a failed, cancelled or expired job again. Not tried twice: the second try would find the job waiting."""
        return job_in(await self._transport.call(Call("POST", path_of(id, "retry"))))

    async def remove(self, id: str) -> None:
        """Removes a final job and its result. Not tried twice: the second try would find it gone."""
        await self._transport.call(Call("DELETE", path_of(id)))

    async def input(self, id: str) -> Any:
        """What was submitted, with what the schema of its type filled in."""
        return (await self._transport.call(Call("GET", path_of(id, "input"), is_repeatable=True))).body

    async def attempts(self, id: str) -> list[Attempt]:
        """Who tried the job, from when to when, and how each attempt ended; the latest last."""
        answer = await self._transport.call(Call("GET", path_of(id, "attempts"), is_repeatable=True))
        attempts: list[Attempt] = answer.body["attempts"]
        return attempts

    async def parents(self, id: str) -> list[Job | UnknownJob]:
        """The jobs that it comes after, in the order in which they were named; one that was removed is ``unknown``."""
        answer = await self._transport.call(Call("GET", path_of(id, "parents"), is_repeatable=True))
        jobs: list[Job | UnknownJob] = answer.body["jobs"]
        return jobs

    async def token(self, id: str, ttl_ms: int = 600_000) -> JobToken:
        """A token that may read, wait for and follow this one job, for ``ttl_ms`` milliseconds: for a page that has
        no key.
        """
        answer = await self._transport.call(
            Call("POST", path_of(id, "token"), json={"ttlMs": ttl_ms}, is_repeatable=True)
        )
        token: JobToken = answer.body
        return token

    async def list(self, **filter: Unpack[ListFilter]) -> AsyncIterator[Job]:
        """All jobs that fit, the newest first unless told, fetched page by page as they are read.

        Jobs that are submitted while it is read do not show up, jobs that are removed may be missing.
        """
        query = list_query(filter)
        cursor: str | None = None
        while True:
            page = query if cursor is None else [*query, ("cursor", cursor)]
            body = (await self._transport.call(Call("GET", "/v1/jobs", page, is_repeatable=True))).body
            for job in body["jobs"]:
                yield job
            cursor = body["next"]
            if cursor is None:
                return

    async def result(self, id: str) -> Any:
        """JSON as Python values, anything else as ``bytes``. Raises BideError with RESULT_NONE where there is none."""
        async with await self.open_result(id) as result:
            data = await result.read()
        return _json.loads(data) if result.is_json else data

    async def open_result(self, id: str) -> AsyncResult:
        """The result as a stream, for what is too large to hold in memory; close it, or use it with ``with``."""
        call = Call("GET", path_of(id, "result"), headers={"accept": "*/*"}, is_repeatable=True)
        return AsyncResult(await self._transport.open(call), self._timeout)

    async def call(
        self,
        method: Method,
        path: str,
        json: Any = NOTHING,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Any other call of the API: the JSON of its answer. Tried again only where the method is GET or PUT."""
        is_repeatable = method in ("GET", "PUT")
        pairs = [*(query or {}).items()]
        return (
            await self._transport.call(Call(method, path, pairs, headers or {}, json, is_repeatable=is_repeatable))
        ).body

    async def _large_result(self, id: str) -> Any:
        """None where the job returned nothing."""
        try:
            return await self.result(id)
        except BideError as error:
            if error.code != "RESULT_NONE":
                raise
            return None
